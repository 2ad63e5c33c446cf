import { applyOperations, type Operation, OperationsUnreadable, readOperations } from 'iii-document';
import { type RawJson, rawFromValue } from 'iii-protocol';
import type { Address, Entry } from '../adapter.js';
import type { RecordedDraft } from '../changes.js';
import { refusal } from '../errors.js';
import { Input } from './input.js';
import { readWanted, writeResult } from './results.js';
import {
  ADDRESS,
  anyValue,
  OPERATION_ERRORS,
  OPERATIONS,
  RETURN_VALUES,
  schema,
  VERSION,
  WITH_VERSION,
} from './schemas.js';
import type { StateFunction } from './state-function.js';
import { requireValueFits } from './value-size.js';

/** §1.5: changes parts of a value, in one step. */
export const updateFunction: StateFunction = {
  id: 'state::update',
  description: 'Applies operations to a value, in one step.',
  request: schema('StateUpdateInput', { ...ADDRESS, ops: OPERATIONS, ...RETURN_VALUES, ...WITH_VERSION }, [
    'scope',
    'key',
    'ops',
  ]),
  response: schema('StateUpdateResult', {
    old_value: anyValue('What was there; null when nothing was.'),
    new_value: anyValue('What is there now.'),
    version: VERSION,
    errors: OPERATION_ERRORS,
  }),
  failure: 'UPDATE_ERROR',
  async run(room, payload) {
    const input = Input.read('state::update', payload);
    const { address } = input;
    const operations = readOps('state::update', input);
    const wanted = readWanted(input);
    return room.changes.make([address], (draft) => {
      const { before, after, errors } = update(draft, address, operations, room.maxValueBytes());
      return writeResult(wanted, before, after, errors);
    });
  },
};

/** @param where for messages, as {@link Input.read} takes it. */
export function readOps(where: string, input: Input): readonly Operation[] {
  try {
    return readOperations(input.raw('ops'));
  } catch (error) {
    if (!(error instanceof OperationsUnreadable)) throw error;
    throw refusal('deserialization_error', `${where}: ${error.message}`);
  }
}

export interface Updated {
  readonly before: Entry | undefined;
  readonly after: Entry;
  /** Undefined when every operation was applied. */
  readonly errors: RawJson | undefined;
}

/** The outcome is written whatever came of the operations, and lives as long as what was there would have. */
export function update(
  draft: RecordedDraft,
  address: Address,
  operations: readonly Operation[],
  maxValueBytes: number | undefined,
): Updated {
  const before = draft.read(address);
  const { value, errors } = applyOperations(before?.value, operations);
  requireValueFits(value, maxValueBytes);
  const after = draft.write(address, value, before?.expiresAt);
  return { before, after, errors: errors.length === 0 ? undefined : rawFromValue(errors) };
}
