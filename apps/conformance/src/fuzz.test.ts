import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { expect } from 'vitest';
import type { WebSocket } from 'ws';
import { HeapProbe, PROBED } from './heap-probe.js';
import { onBothDrivers } from './on-both-drivers.js';
import { numbers } from './random.js';
import type { Wire } from './wire.js';

const FRAMES = 100_000;
/** Frames between two looks at whether the engine keeps up. */
const BATCH = 1_000;

/**
 * The C library keeps as much of what was freed as twice the largest piece it had from the system: with frames of some
 * megabytes as much as what is looked for here. With a threshold that is given it gives everything back at once.
 */
const NOTHING_IN_RESERVE = { MALLOC_TRIM_THRESHOLD_: '131072' };

const VALID = [
  { type: 'registerfunction', id: 'fuzz::f', metadata: { a: [1, { b: null }] } },
  { type: 'unregisterfunction', id: 'fuzz::f' },
  { type: 'registertriggertype', id: 'fuzz-type', description: 'd' },
  { type: 'unregistertriggertype', id: 'fuzz-type' },
  {
    type: 'registertrigger',
    id: 'fuzz-1',
    trigger_type: 'fuzz-type',
    function_id: 'fuzz::f',
    config: { x: 1 },
  },
  { type: 'unregistertrigger', id: 'fuzz-1', trigger_type: 'fuzz-type' },
  { type: 'triggerregistrationresult', id: 'fuzz-1', trigger_type: 'fuzz-type', function_id: 'f' },
  {
    type: 'invokefunction',
    invocation_id: '00000000-0000-4000-8000-000000000001',
    function_id: 'no::such',
    data: {},
  },
  { type: 'invokefunction', function_id: 'engine::functions::list', data: { search: 'x' } },
  {
    type: 'invocationresult',
    invocation_id: '00000000-0000-4000-8000-000000000002',
    function_id: 'f',
    result: 1,
  },
  { type: 'reattach', previous_worker_id: '00000000-0000-4000-8000-000000000003', reattach_token: 'x' },
  { type: 'ping' },
];
const WRONG_DIRECTION = [
  { type: 'workerregistered', worker_id: 'x' },
  { type: 'registrationrejected', code: 'c', namespace: 'n', owner_worker_id: 'o' },
  { type: 'error', error: { code: 'c', message: 'm' } },
  { type: 'no such type' },
];
const ODD_VALUES = [null, 5, -1.5, true, [], {}, '', '\ud83d\ude00', 'x'.repeat(300), { type: {} }];

/** Mostly some hundred kilobytes, now and then some megabytes. */
function huge(random: (below: number) => number): number {
  return random(10) === 0 ? 4_000_000 : 200_000;
}

/** One frame: mostly something that is almost right. */
function fuzzed(random: (below: number) => number): string | Uint8Array {
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
  const base = pick(VALID);
  const text = JSON.stringify(base);
  switch (random(10)) {
    case 0:
      return text.slice(0, random(text.length));
    case 1:
      return `${'['.repeat(random(400))}${text}`;
    case 2:
      return `{"type":"invokefunction","function_id":"no::such","data":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`;
    case 3: {
      const name = pick(Object.keys(base));
      return JSON.stringify({ ...base, [name]: pick(ODD_VALUES) });
    }
    case 4: {
      const { [pick(Object.keys(base)) as 'type']: _, ...rest } = base;
      return JSON.stringify(rest);
    }
    case 5:
      return JSON.stringify(pick(WRONG_DIRECTION));
    case 6: {
      const bytes = Buffer.from(text);
      for (let n = 0; n < 3; n++) bytes[random(bytes.length)] = random(256);
      return bytes;
    }
    case 7:
      return text.replace(':', pick([':NaN', ':01', ':"\\ud800"', '::', ':undefined']));
    case 8:
      return random(50) === 0
        ? JSON.stringify({ ...base, data: 'x'.repeat(huge(random)) })
        : ' '.repeat(random(20));
    default:
      return text;
  }
}

await onBothDrivers(
  'fuzzing',
  (bench, check) => {
    /** Sends frames in batches, waiting after each until the engine has handled it. */
    async function flood(wire: Wire, count: number, random: (below: number) => number): Promise<void> {
      for (let sent = 0; sent < count; sent += BATCH) {
        for (let n = 0; n < BATCH; n++) {
          const frame = fuzzed(random);
          wire.socket.send(frame, { binary: typeof frame !== 'string' });
        }
        await wire.settled();
        wire.frames.length = 0;
        wire.texts.length = 0;
      }
    }

    /** As many as are looked at, from one connection after the other. */
    async function floods(): Promise<void> {
      const random = numbers(20_261);
      for (let n = 0; n < 5; n++) {
        const wire = await bench.worker(`fuzz-${n}`);
        await flood(wire, FRAMES / 5, random);
        wire.socket.terminate();
      }
    }

    check(
      '100,000 damaged frames leave the engine serving, with its memory back',
      async () => {
        // What any load makes the process keep (code, caches, pages of its heaps) belongs to neither side of the
        // comparison: the same frames come before it.
        await floods();
        const probe = await HeapProbe.connect(bench.engine);
        const kept = async () => {
          // Pages are given back some time after they were freed.
          await probe.measure();
          return probe.measure();
        };
        try {
          const before = await kept();
          await floods();
          const caller = await bench.worker('caller');
          const provider = (await bench.worker('provider')).offer('after::fuzz');
          await provider.settled();
          const answer = caller.call('after::fuzz');
          provider.respond(await provider.invocation(), { result: 'serving' });
          expect((await answer).result).toBe('serving');
          const left = async () =>
            (await caller.call('engine::functions::list', { prefix: 'fuzz::' })).result;
          await expect.poll(left).toEqual({ functions: [] });
          const after = await kept();
          expect(after.resident).toBeLessThan(before.resident * 1.2);
          expect(after.heap).toBeLessThan(before.heap * 1.2);
        } finally {
          probe.close();
        }
      },
      120_000,
    );

    check('text that is not UTF-8 ends its connection and no other', async () => {
      const wire = await bench.worker('bad-utf8');
      const other = await bench.worker('other');
      const ended = once(wire.socket, 'close') as Promise<[number]>;
      wire.socket.on('error', () => {});
      sendRaw(wire.socket, Buffer.from([0x81, 0x83, 0, 0, 0, 0, 0xff, 0xfe, 0xfd]));
      const [code] = await ended;
      expect([1006, 1007]).toContain(code);
      await other.settled();
    });
  },
  { nodeArgs: PROBED, env: NOTHING_IN_RESERVE },
);

/** Writes bytes of a frame below the WebSocket library, which would not send them. */
function sendRaw(socket: WebSocket, frame: Buffer): void {
  (socket as WebSocket & { readonly _socket: Writable })._socket.write(frame);
}
