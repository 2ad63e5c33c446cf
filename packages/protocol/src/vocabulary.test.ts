import { describe, expect, it } from 'vitest';
import { ENGINE_FUNCTIONS } from './engine-functions.js';
import { ERROR_CODES, errorEntry } from './errors.js';
import { FRAME_SHAPES, isFrameType, membersOf } from './frame-shapes.js';
import {
  canonicalUuid,
  isCanonicalUuid,
  isUuid,
  MOST_AT_END,
  numberedUuid,
  numbersInUuid,
  randomUuid,
  timedUuid,
} from './ids.js';
import { Value } from './schema.js';
import { EngineFunction, isBuiltinId } from './well-known.js';

const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ids', () => {
  const id = '6f1d2c3b-4a59-4e68-9b7c-0d1e2f3a4b5c';

  it.each([id, id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`, `urn:uuid:${id}`])(
    '%s is a UUID with the usual canonical form',
    (form) => {
      expect(isUuid(form)).toBe(true);
      expect(canonicalUuid(form)).toBe(id);
      expect(isCanonicalUuid(form)).toBe(form === id);
    },
  );

  const misplaced = id.replace('b-4', '-b4');
  const wide = id.replace('6', '\uff16');
  const others = [id.replace('6', 'g'), id.replace('-', '0'), id.replace('6', '-'), misplaced, wide];

  it.each(['', 'x', id.slice(1), `${id}0`, `{${id}`, ` ${id}`, ...others])('%j is none', (form) => {
    expect(isUuid(form)).toBe(false);
    expect(isCanonicalUuid(form)).toBe(false);
  });

  it('makes UUIDs of version 4, no two alike, with every digit in every place', () => {
    const made = Array.from({ length: 4_000 }, randomUuid);
    expect(new Set(made).size).toBe(made.length);
    for (const one of made) expect(one).toMatch(VERSION_4);
    for (let at = 0; at < id.length; at++) {
      const digits = new Set(made.map((one) => one[at]));
      expect([at, digits.size]).toEqual([at, [8, 13, 14, 18, 23].includes(at) ? 1 : at === 19 ? 4 : 16]);
    }
  });

  it('makes some that begin with their time, so that later ones come after earlier ones', () => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const made = [now, now + 1, now + 1, now + 256, 2 ** 48 - 1].map(timedUuid);
    expect(made.map((one) => Number.parseInt(one.slice(0, 13).replace('-', ''), 16))).toEqual([
      now,
      now + 1,
      now + 1,
      now + 256,
      2 ** 48 - 1,
    ]);
    for (const one of made) expect(one).toMatch(/-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(made.map((one) => one.slice(14))).size).toBe(made.length);
  });

  it('makes some that carry two numbers', () => {
    for (const [front, end] of [
      [0, 0],
      [1, MOST_AT_END],
      [2 ** 48 - 1, 1],
      [2 ** 40 + 2 ** 32 + 7, 0xabcdef],
    ] as const) {
      const [one, other] = [numberedUuid(front, end), numberedUuid(front, end)];
      expect(one).toMatch(VERSION_4);
      expect(numbersInUuid(one)).toEqual({ front, end });
      expect(other).not.toBe(one);
    }
    expect(numbersInUuid('r1')).toBeUndefined();
    expect(numbersInUuid(numberedUuid(0xa, 1).toUpperCase())).toBeUndefined();
  });

  it.each(['engine::x', 'state::get', 'iii-http::on-config-change', 'publish', 'bridge.call'])(
    '%s is built in',
    (name) => {
      expect(isBuiltinId(name)).toBe(true);
    },
  );

  it.each(['math::add', 'publisher', 'http::create', 'statement::x'])('%s belongs to a user', (name) => {
    expect(isBuiltinId(name)).toBe(false);
  });
});

describe('the error table', () => {
  it('tells meaning and hint of every code as whole sentences', () => {
    for (const [code, entry] of Object.entries(ERROR_CODES)) {
      expect.soft(entry.meaning, code).toMatch(/^[A-Z].*\.$/);
      expect.soft(entry.hint, code).toMatch(/^[A-Z].*\.$/);
      expect.soft(entry.httpStatus, code).toBeGreaterThanOrEqual(400);
    }
  });

  it('knows only its own codes', () => {
    expect(errorEntry('TIMEOUT')?.retryable).toBe(true);
    expect(errorEntry('constructor')).toBeUndefined();
  });
});

describe('frame shapes', () => {
  it('list members in the order they are written', () => {
    expect(membersOf('registertrigger').map(([name]) => name)).toEqual([
      'id',
      'trigger_type',
      'function_id',
      'config',
      'metadata',
      'namespace',
      'trigger_namespace',
    ]);
  });

  it('are found by own names only', () => {
    expect(Object.keys(FRAME_SHAPES).every(isFrameType)).toBe(true);
    expect(isFrameType('hasOwnProperty')).toBe(false);
  });
});

describe('schemas of engine functions', () => {
  const accepts = (id: keyof typeof ENGINE_FUNCTIONS, value: unknown) =>
    Value.Check(ENGINE_FUNCTIONS[id].request, value);

  it('are documents with a title and the draft they follow', () => {
    for (const [id, { request, description }] of Object.entries(ENGINE_FUNCTIONS)) {
      expect.soft(JSON.parse(JSON.stringify(request)), id).toMatchObject({
        $schema: 'http://json-schema.org/draft-07/schema#',
        title: expect.any(String) as string,
        type: 'object',
      });
      expect.soft(description, id).toMatch(/\.$/);
    }
  });

  it('take null for every optional member and ignore unknown ones', () => {
    expect(accepts(EngineFunction.ListFunctions, {})).toBe(true);
    expect(
      accepts(EngineFunction.ListFunctions, { search: null, workers: null, include_internal: null, more: 1 }),
    ).toBe(true);
    expect(accepts(EngineFunction.RegisterTrigger, { trigger_type: 't', function_id: 'f' })).toBe(true);
  });

  it.each([
    [EngineFunction.ListFunctions, { workers: 'a' }],
    [EngineFunction.TriggerTypeInfo, {}],
    [EngineFunction.RegisterWorker, {}],
    [EngineFunction.RegisterWorker, { _caller_worker_id: 'x', pid: -1 }],
    [EngineFunction.RegisterWorker, { _caller_worker_id: 'x', pid: 1.5 }],
    [EngineFunction.RegisterWorker, { _caller_worker_id: 'x', telemetry: 'en' }],
    [EngineFunction.UnregisterTrigger, { id: 1 }],
    [EngineFunction.ListWorkers, null],
    [EngineFunction.ListWorkers, []],
  ] as const)('%s refuses %j', (id, value) => {
    expect(accepts(id, value)).toBe(false);
  });
});
