import { isRawArray, RAW_NULL, type RawJson, rawElements, rawFromValue } from 'iii-protocol';
import type { Address } from '../adapter.js';
import type { RecordedDraft } from '../changes.js';
import { refusal } from '../errors.js';
import { STATE_LIMITS } from '../limits.js';
import { rawArray, rawObject } from '../raw-build.js';
import { Input } from './input.js';
import { readWanted, versionedResult, type Wanted, writeResult } from './results.js';
import { ADDRESS, anyValue, flag, OPERATIONS, RETURN_VALUES, schema, TTL, VERSION } from './schemas.js';
import type { StateFunction, StateRoom } from './state-function.js';
import { readOps, update } from './update.js';
import { requireResultFits, requireValueFits } from './value-size.js';

const KINDS = ['check', 'get', 'set', 'update', 'delete'] as const;

/** One step, read: what it does to a draft, and what its caller is told. Undefined when a check does not hold. */
interface Step {
  readonly address: Address;
  run(draft: RecordedDraft): RawJson | undefined;
}

/** An addition: several steps on several keys, of which all take effect or none does. */
export const transactionFunction: StateFunction = {
  id: 'state::transaction',
  description: 'Reads and writes several values in one step, all of it or nothing.',
  request: schema(
    'StateTransactionInput',
    {
      operations: {
        type: 'array',
        maxItems: STATE_LIMITS.transactionOperations,
        description: 'Done in order; each sees what those before it did.',
        items: {
          type: 'object',
          required: ['type', 'scope', 'key'],
          properties: {
            type: { enum: KINDS },
            ...ADDRESS,
            version: { ...VERSION, description: 'Of check: what must be there; 0 for nothing.' },
            value: anyValue('Of set.'),
            ops: OPERATIONS,
            ...TTL,
          },
        },
      },
      ...RETURN_VALUES,
    },
    ['operations'],
  ),
  response: schema(
    'StateTransactionResult',
    {
      committed: flag('Whether anything was done: false when a check did not hold.'),
      results: { type: 'array', description: 'One for each operation, when it was done.' },
      conflict: {
        type: 'object',
        description: 'The first check that did not hold, and the version that is there.',
        properties: { index: { type: 'integer' }, version: VERSION, ...ADDRESS },
      },
    },
    ['committed'],
  ),
  failure: 'TRANSACTION_ERROR',
  async run(room, payload) {
    const steps = readSteps(room, payload);
    try {
      const results = await room.changes.make(
        steps.map(({ address }) => address),
        (draft) => runSteps(steps, draft),
      );
      return rawObject({ committed: rawFromValue(true), results: rawArray(results) });
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const { index, version, address } = error;
      return rawFromValue({ committed: false, conflict: { index, version, ...address } });
    }
  },
};

/** Undoes the transaction; never seen outside. */
class Conflict extends Error {
  constructor(
    readonly index: number,
    readonly address: Address,
    readonly version: number,
  ) {
    super('a check does not hold');
  }
}

function runSteps(steps: readonly Step[], draft: RecordedDraft): RawJson[] {
  const results = steps.map((step, index) => {
    const result = step.run(draft);
    if (result !== undefined) return result;
    throw new Conflict(index, step.address, draft.read(step.address)?.version ?? 0);
  });
  requireResultFits(...results);
  return results;
}

function readSteps(room: StateRoom, payload: RawJson): Step[] {
  const where = 'state::transaction';
  const input = Input.read(where, payload);
  const wanted = { ...readWanted(input), version: true };
  const operations = input.raw('operations');
  if (operations === undefined || !isRawArray(operations)) {
    return input.fail('operations', 'a list of operations');
  }
  const elements = rawElements(operations);
  const limit = STATE_LIMITS.transactionOperations;
  if (elements.length > limit) {
    const detail = `${where}: ${elements.length} operations, where ${limit} may be`;
    throw refusal('deserialization_error', detail);
  }
  return elements.map((raw, index) => readStep(room, `${where}: operations[${index}]`, raw, wanted));
}

function readStep(room: StateRoom, where: string, raw: RawJson, wanted: Wanted): Step {
  const input = Input.read(where, raw);
  const { address } = input;
  const type = input.text('type');
  switch (KINDS.find((kind) => kind === type)) {
    case 'check': {
      const version = input.integer('version', 0, Number.MAX_SAFE_INTEGER);
      const held = rawFromValue({ version });
      const run = (draft: RecordedDraft) =>
        (draft.read(address)?.version ?? 0) === version ? held : undefined;
      return { address, run };
    }
    case 'get':
      return { address, run: (draft) => readNow(draft, address) };
    case 'set': {
      const { value } = input;
      const expiresAt = input.expiry(room.now());
      requireValueFits(value, room.maxValueBytes());
      const run = (draft: RecordedDraft) => {
        const before = draft.read(address);
        return writeResult(wanted, before, draft.write(address, value, expiresAt));
      };
      return { address, run };
    }
    case 'update': {
      const operations = readOps(where, input);
      const run = (draft: RecordedDraft) => {
        const { before, after, errors } = update(draft, address, operations, room.maxValueBytes());
        return writeResult(wanted, before, after, errors);
      };
      return { address, run };
    }
    case 'delete': {
      const run = (draft: RecordedDraft) => {
        const before = draft.read(address);
        draft.delete(address);
        return rawObject({ old_value: wanted.values ? (before?.value ?? RAW_NULL) : undefined });
      };
      return { address, run };
    }
    case undefined:
      return input.fail('type', `one of ${KINDS.join(', ')}`);
  }
}

function readNow(draft: RecordedDraft, address: Address): RawJson {
  const entry = draft.read(address);
  return entry === undefined
    ? rawObject({ value: RAW_NULL, version: rawFromValue(0) })
    : versionedResult(entry);
}
