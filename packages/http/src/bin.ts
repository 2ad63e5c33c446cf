#!/usr/bin/env node
import { runStandalone } from 'iii-worker';
import { httpWorker } from './worker.js';

void runStandalone(httpWorker, process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
