import { OpenDirectory, type OpenDirectoryOptions } from './open-directory.js';

/** A directory that is open, or about to be, and how many use it. */
interface Share {
  readonly opened: Promise<OpenDirectory>;
  users: number;
}

/** LMDB lets a process open a file once; so whoever opens a directory again gets the one that is open. */
const shares = new Map<string, Share>();
/** Directories that are being closed. */
const closing = new Map<string, Promise<void>>();

/** @param directory its real path. */
export async function joinDirectory(
  directory: string,
  options: OpenDirectoryOptions,
): Promise<OpenDirectory> {
  await closing.get(directory)?.catch(() => {});
  const share = shares.get(directory) ?? { opened: OpenDirectory.open(directory, options), users: 0 };
  shares.set(directory, share);
  share.users++;
  try {
    return await share.opened;
  } catch (error) {
    if (shares.get(directory) === share) shares.delete(directory);
    throw error;
  }
}

/** The last one to leave closes it. */
export async function leaveDirectory(opened: OpenDirectory): Promise<void> {
  const { directory } = opened;
  const share = shares.get(directory);
  if (share === undefined || --share.users > 0) return;
  shares.delete(directory);
  const closed = opened.close().finally(() => closing.delete(directory));
  closing.set(directory, closed);
  await closed;
}
