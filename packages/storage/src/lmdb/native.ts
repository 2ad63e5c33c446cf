import type { RootDatabase } from 'lmdb';

/** What lmdb has behind its databases, and does not declare. */
interface NativeEnvironment {
  info(): { readonly lastPageNumber: number };
  stat(): { readonly pageSize: number };
  close(): void;
}

function nativeOf(root: RootDatabase<Uint8Array, Uint8Array>): NativeEnvironment {
  return (root as unknown as { readonly env: NativeEnvironment }).env;
}

/** Bytes from the beginning of the file to the end of the last page that was ever used. */
export function usedBytes(root: RootDatabase<Uint8Array, Uint8Array>): number {
  return (nativeOf(root).info().lastPageNumber + 1) * pageBytes(root);
}

export function pageBytes(root: RootDatabase<Uint8Array, Uint8Array>): number {
  return nativeOf(root).stat().pageSize;
}

/** `close` of lmdb waits for writes, of which there must be none, before it lets go of the file. */
export function closeAtOnce(root: RootDatabase<Uint8Array, Uint8Array>): void {
  void root.close();
  nativeOf(root).close();
}
