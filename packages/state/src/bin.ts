#!/usr/bin/env node
import { runStandalone } from 'iii-worker';
import { stateWorker } from './worker.js';

void runStandalone(stateWorker, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
