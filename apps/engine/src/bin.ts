#!/usr/bin/env node
import { type DataHost, runCli } from 'iii-cli';
import { VERSION } from './version.js';

// Most commands talk to an engine that runs, and need none of one themselves: its parts are loaded when they are used.
const files = async () => (await import('./data.js')).dataHost;
const data: DataHost = {
  directoryOf: async (request) => (await files()).directoryOf(request),
  backup: async (...what) => (await files()).backup(...what),
  restore: async (...what) => (await files()).restore(...what),
  verify: async (...what) => (await files()).verify(...what),
};

const status = await runCli(process.argv.slice(2), {
  version: VERSION,
  serve: async ({ configPath }) => (await import('./serve.js')).serve({ configPath, version: VERSION }),
  data,
});
// Connections a driver cannot enumerate may keep the process alive for some seconds more; nothing is left to do.
process.exit(status);
