export { StorageError, type StorageErrorCode, storageErrors } from './errors.js';
export { compareKeys, type KeyPart, keyBehind, keyOf, lastIntegerOf, partsOf, rangeOf } from './key.js';
export { STORAGE_LIMITS } from './limits.js';
export { MemoryStorage } from './memory/memory-storage.js';
export type {
  Durability,
  Entry,
  KeyRange,
  OpenStore,
  Reads,
  Storage,
  Store,
  StoreFigures,
  Transaction,
} from './store.js';
