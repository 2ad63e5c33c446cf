/** What a store accepts, in bytes. */
export const STORAGE_LIMITS = {
  /** One key. LMDB orders no more than this with pages of 4 KiB. */
  keyBytes: 1_978,
  /** One value. */
  valueBytes: 256 * 1024 * 1024,
  /** Written by transactions of one store that are not on disk yet. Reached only when the disk does not keep up. */
  pendingBytes: 256 * 1024 * 1024,
  /** Stores of one directory. */
  stores: 250,
} as const;
