export type {
  CliHost,
  DataCheck,
  DataCopy,
  DataCopyOptions,
  DataHost,
  DataProgress,
  ServeRequest,
  StoredEntries,
} from './host.js';
export type { CliIo } from './io.js';
export { runCli } from './run-cli.js';
export type { Screen, ScreenListener, ScreenSize } from './screen.js';
