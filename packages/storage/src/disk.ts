/*
 * A door of its own: LMDB comes with 16 MiB, which a process that keeps nothing on disk does without.
 */
export {
  backupData,
  type CopyOptions,
  type CopyReport,
  type DataProgress,
  restoreData,
  verifyData,
} from './directory/backup.js';
export { type OpenStorage, openStorage } from './directory/directory-storage.js';
export type { InspectionReport, StoreReport } from './directory/inspection.js';
