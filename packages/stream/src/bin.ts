#!/usr/bin/env node
import { runStandalone } from 'iii-worker';
import { streamWorker } from './worker.js';

void runStandalone(streamWorker, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
