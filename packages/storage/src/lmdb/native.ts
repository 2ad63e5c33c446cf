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

/** Pages from the beginning of the file to the last one that was ever used, and the bytes of each. */
export function pagesOf(root: RootDatabase<Uint8Array, Uint8Array>): {
  readonly used: number;
  readonly bytes: number;
} {
  const native = nativeOf(root);
  return { used: native.info().lastPageNumber + 1, bytes: native.stat().pageSize };
}

/** `close` of lmdb waits for writes, of which there must be none, before it lets go of the file. */
export function closeAtOnce(root: RootDatabase<Uint8Array, Uint8Array>): void {
  void root.close();
  nativeOf(root).close();
}
