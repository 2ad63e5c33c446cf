import type { RawJson } from 'iii-protocol';
import type { StateAdapter } from '../adapter.js';
import type { Changes } from '../changes.js';
import type { StorageFailureCode } from '../errors.js';

/** What the functions work on. */
export interface StateRoom {
  readonly adapter: StateAdapter;
  readonly changes: Changes;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Bytes of the compact JSON text of one value; undefined: as many as fit into a message. */
  maxValueBytes(): number | undefined;
}

/** One of the functions of the worker. */
export interface StateFunction {
  readonly id: string;
  readonly description: string;
  readonly request: object;
  /** Absent where the result can be any value. */
  readonly response?: object;
  /** Code of its failures that are the storage's. */
  readonly failure: StorageFailureCode;
  /** @throws HandlerError */
  run(room: StateRoom, payload: RawJson): Promise<RawJson | undefined>;
}
