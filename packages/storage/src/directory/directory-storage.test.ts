import path from 'node:path';
import { behavesAsAStore } from '../store.behaviour.js';
import type { Storage } from '../store.js';
import { temporaryDirectory } from '../test-support.js';
import { openStorage } from './directory-storage.js';

behavesAsAStore('on disk', async (): Promise<Storage> => {
  const directory = await temporaryDirectory();
  const storage = await openStorage({ directory: path.join(directory.path, 'data') });
  const close = async () => {
    await storage.close();
    await directory[Symbol.asyncDispose]();
  };
  return {
    directory: storage.directory,
    open: (options) => storage.open(options),
    close,
    [Symbol.asyncDispose]: close,
  };
});
