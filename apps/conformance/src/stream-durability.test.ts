import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { type OfficialClient, registerOfficial } from './official.js';
import { streamCall } from './stream-end.js';

let directory: string;
const open: Array<() => Promise<unknown>> = [];

beforeEach(() => {
  for (const method of ['debug', 'log', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
  directory = mkdtempSync(path.join(os.tmpdir(), 'iii-streams-'));
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  rmSync(directory, { recursive: true });
  vi.restoreAllMocks();
});

async function start(): Promise<EngineProcess> {
  const adapter = `{ name: kv, config: { store_method: file_based, file_path: ${directory} } }`;
  const config = `workers: [{ name: iii-worker-manager, config: { port: 0 } }, { name: iii-stream, config: { port: 0, adapter: ${adapter} } }]`;
  const engine = await EngineProcess.start({ driver: 'node', config });
  open.push(() => engine.stop());
  return engine;
}

function client(engine: EngineProcess, name: string): OfficialClient {
  const made = registerOfficial(engine.url, name);
  open.push(() => made.shutdown());
  return made;
}

const item = (item_id: string) => ({ stream_name: 's', group_id: 'g', item_id });

it('what was acknowledged is there after the engine was killed while it wrote, in order', async () => {
  const first = await start();
  const writer = client(first, 'writer');
  const acknowledged: number[] = [];
  let isKilled = false;
  const lane = async (lane: number) => {
    for (let n = 0; !isKilled; n++) {
      const number = n * 8 + lane;
      await streamCall(writer, 'set', { ...item(`i${number}`), data: number });
      acknowledged.push(number);
    }
  };
  const lanes = Promise.allSettled(Array.from({ length: 8 }, (_, n) => lane(n)));
  while (acknowledged.length < 50) await new Promise((resolve) => setImmediate(resolve));
  await first.stop('SIGKILL');
  isKilled = true;
  await writer.shutdown();
  await lanes;

  const second = await start();
  const reader = client(second, 'reader');
  const list = await streamCall<number[]>(reader, 'list', { stream_name: 's', group_id: 'g' });
  const kept = new Set(list);
  expect(acknowledged.filter((number) => !kept.has(number))).toEqual([]);
  // What was on its way may be there too: one a lane. Nothing is there twice.
  expect(list.length).toBe(kept.size);
  expect(list.length - acknowledged.length).toBeLessThanOrEqual(8);
  for (let each = 0; each < 8; each++) {
    const ofLane = list.filter((number) => number % 8 === each);
    expect(ofLane).toEqual(ofLane.toSorted((a, b) => a - b));
  }
  await streamCall(reader, 'set', { ...item('last'), data: -1 });
  const after = await streamCall<number[]>(reader, 'list', { stream_name: 's', group_id: 'g' });
  expect(after).toEqual([...list, -1]);
}, 60_000);
