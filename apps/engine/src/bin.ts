#!/usr/bin/env node
import { runCli } from 'iii-cli';
import { dataHost } from './data.js';
import { serve } from './serve.js';
import { VERSION } from './version.js';

const status = await runCli(process.argv.slice(2), {
  version: VERSION,
  serve: ({ configPath }) => serve({ configPath, version: VERSION }),
  data: dataHost,
});
// Connections a driver cannot enumerate may keep the process alive for some seconds more; nothing is left to do.
process.exit(status);
