import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Type } from 'iii-protocol/schema';
import { defineWorker } from 'iii-worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Plan, planFrom } from './config/plan.js';
import { House } from './house.js';
import { Folder, LogBook } from './test-support.js';

/** A worker that counts, on disk, how often it has been started. */
const counter = defineWorker({
  name: 'iii-counter',
  aliases: ['counter'],
  version: '1.0.0',
  description: 'Counts its starts.',
  config: Type.Object({ keeps: Type.Boolean({ default: true }) }),
  async start({ config, storage, logger }) {
    if (!config.keeps) return { stop: async () => {} };
    const store = await storage.open();
    const key = Buffer.from('starts');
    await store.transaction((tx) => tx.put(key, Buffer.from([(tx.get(key)?.[0] ?? 0) + 1])));
    logger.info({}, `start ${store.get(key)?.[0]}`);
    return { stop: async () => {} };
  },
});

describe('the data of workers', () => {
  let folder: Folder;
  let log: LogBook;

  beforeEach(() => {
    folder = new Folder();
    log = new LogBook();
  });
  afterEach(() => folder[Symbol.dispose]());

  function plan(text: string, instance = 'iii-counter', keeps = true): Plan {
    const planned = planFrom(
      `${text}\nworkers: [{ name: iii-worker-manager, config: { port: 0 } }]\n`,
      folder.file('config.yaml'),
      {},
      '1.0.0',
    );
    return { ...planned, workers: [{ definition: counter, instance, numbered: true, config: { keeps } }] };
  }

  async function runOnce(planned: Plan): Promise<string[]> {
    log.lines.length = 0;
    const house = await House.start(planned, { version: '1.0.0', log });
    await house.stop();
    return log.of('info').filter((line) => /^(start|data) /.test(line));
  }

  it('lies beside the configuration, is said to, and is there after a restart', async () => {
    const directory = folder.file('data');
    expect(await runOnce(plan(''))).toEqual([`data in ${directory}`, 'start 1']);
    expect(await runOnce(plan(''))).toEqual([`data in ${directory}`, 'start 2']);
    expect(await runOnce(plan('data_dir: elsewhere'))).toEqual([
      `data in ${folder.file('elsewhere')}`,
      'start 1',
    ]);
  });

  it('is the same under an alias, and another for another instance', async () => {
    expect(await runOnce(plan('', 'iii-counter'))).toContain('start 1');
    expect(await runOnce(plan('', 'counter'))).toContain('start 2');
    expect(await runOnce(plan('', 'counter#1'))).toContain('start 1');
    expect(await runOnce(plan('', 'iii-counter#1'))).toContain('start 2');
  });

  it('needs no directory while nobody keeps any', async () => {
    await runOnce(plan('', 'iii-counter', false));
    expect(existsSync(folder.file('data'))).toBe(false);
  });

  it('that cannot be opened keeps the engine from starting, and says what to do', async () => {
    writeFileSync(folder.file('data'), 'a file');
    await expect(runOnce(plan(''))).rejects.toThrow(
      /worker iii-counter did not start: the data directory .*data cannot be used: .*; the message says what/,
    );
  });

  it('that is damaged is put aside, and the engine starts without it', async () => {
    await runOnce(plan(''));
    mkdirSync(folder.file('data'), { recursive: true });
    writeFileSync(path.join(folder.file('data'), 'data.mdb'), Buffer.alloc(32_768, 1));
    expect(await runOnce(plan(''))).toContain('start 1');
    expect(log.of('warn')).toEqual([expect.stringMatching(/is damaged .* has been moved to .*quarantine-/)]);
  });
});
