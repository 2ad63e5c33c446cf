#!/usr/bin/env node
import { runStandalone } from 'iii-worker';
import { queueWorker } from './worker.js';

void runStandalone(queueWorker, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
