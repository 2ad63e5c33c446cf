#!/usr/bin/env node
import { runStandalone } from 'iii-worker';
import { pubsubWorker } from './worker.js';

void runStandalone(pubsubWorker, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
