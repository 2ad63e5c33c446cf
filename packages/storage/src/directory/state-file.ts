import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../errors.js';
import { writeDurably } from './durable-file.js';
import { FILES } from './layout.js';

/** The version of everything in a data directory. */
const FORMAT = 1;

/** How a data directory was left. */
export type Condition =
  | { readonly kind: 'new' }
  /** Closed in order, with a data file of this many bytes. */
  | { readonly kind: 'closed'; readonly dataBytes: number }
  /** Not closed, or not readable. */
  | { readonly kind: 'unclean' };

/** @throws StorageError DIRECTORY_UNUSABLE when it was written by a later version. */
export async function readCondition(directory: string): Promise<Condition> {
  let text: string;
  try {
    text = await readFile(path.join(directory, FILES.state), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'new' };
    throw error;
  }
  const { format, state, data_bytes } = membersOf(text);
  if (typeof format === 'number' && format > FORMAT) {
    const expected = `${directory} has format ${format}, and this version knows ${FORMAT}`;
    throw new StorageError(
      'DIRECTORY_UNUSABLE',
      `${expected}: use the version that wrote it, or a later one`,
    );
  }
  if (state !== 'closed' || typeof data_bytes !== 'number') return { kind: 'unclean' };
  return { kind: 'closed', dataBytes: data_bytes };
}

export function markOpen(directory: string): Promise<void> {
  return write(directory, { state: 'open', pid: process.pid });
}

export function markClosed(directory: string, dataBytes: number): Promise<void> {
  return write(directory, { state: 'closed', data_bytes: dataBytes });
}

function write(directory: string, members: object): Promise<void> {
  return writeDurably(
    path.join(directory, FILES.state),
    `${JSON.stringify({ format: FORMAT, ...members }, null, 2)}\n`,
  );
}

function membersOf(text: string): { readonly [name: string]: unknown } {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
