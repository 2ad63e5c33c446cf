export { openStorageThrough } from '../directory/directory-storage.js';
export { type CrashCycles, crashCycles, seededRandom } from './crash-cycles.js';
export { type CrashResult, type CrashStorage, crashStorage } from './crash-storage.js';
export { type DiskFault, FaultyDisk } from './faults.js';
