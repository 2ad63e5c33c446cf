import path from 'node:path';
import type { DataHost } from 'iii-cli';
import { backupData, restoreData, verifyData } from 'iii-storage/disk';
import { readText } from './config/load.js';
import { planFrom } from './config/plan.js';
import { VERSION } from './version.js';

/** The files behind `iii data`. */
export const dataHost: DataHost = {
  async directoryOf({ configPath, isExplicit }) {
    const text = readText(configPath);
    if (text === undefined && isExplicit) throw new Error(`there is no configuration at ${configPath}`);
    return planFrom(text ?? '', path.resolve(configPath), process.env, VERSION).dataDirectory;
  },
  backup: backupData,
  restore: restoreData,
  verify: verifyData,
};
