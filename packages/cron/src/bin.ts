#!/usr/bin/env node
import { runStandalone } from 'iii-worker';
import { cronWorker } from './worker.js';

void runStandalone(cronWorker, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
