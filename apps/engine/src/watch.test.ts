import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { ManualClock } from 'iii-protocol/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Folder, LogBook } from './test-support.js';
import { DEBOUNCE_MS, DirectoryWatch, LONGEST_BURST_MS } from './watch.js';

describe('watching the directory of a file', () => {
  let folder: Folder;
  let clock: ManualClock;
  let log: LogBook;
  let stirs: number;
  let watch: DirectoryWatch | undefined;

  beforeEach(() => {
    folder = new Folder();
    clock = new ManualClock();
    log = new LogBook();
    stirs = 0;
  });

  afterEach(() => {
    watch?.close();
    expect(clock.pending).toBe(0);
    folder[Symbol.dispose]();
  });

  const start = (file: string) => {
    watch = new DirectoryWatch(file, { clock, log, stirred: () => void stirs++ });
  };
  const eventsArrive = () => vi.waitUntil(() => clock.pending > 0, { timeout: 10_000 });

  it.each<[string, (file: string) => void]>([
    ['a write', (file) => writeFileSync(file, 'b')],
    [
      'a file that takes its place by renaming',
      (file) => {
        writeFileSync(`${file}.tmp`, 'b');
        renameSync(`${file}.tmp`, file);
      },
    ],
    ['a deletion', (file) => rmSync(file)],
  ])('hears of %s, once it is quiet', async (_, change) => {
    const file = folder.file('config.yaml');
    writeFileSync(file, 'a');
    start(file);
    change(file);
    await eventsArrive();
    expect(stirs).toBe(0);
    clock.advance(DEBOUNCE_MS);
    expect(stirs).toBe(1);
  });

  it('hears of a symbolic link that is swapped, as Kubernetes does it', async () => {
    for (const version of ['v1', 'v2']) {
      mkdirSync(folder.file(version));
      writeFileSync(folder.file(`${version}/config.yaml`), version);
    }
    symlinkSync('v1', folder.file('..data'));
    symlinkSync('..data/config.yaml', folder.file('config.yaml'));
    start(folder.file('config.yaml'));
    symlinkSync('v2', folder.file('..data_tmp'));
    renameSync(folder.file('..data_tmp'), folder.file('..data'));
    await eventsArrive();
    clock.advance(DEBOUNCE_MS);
    expect(stirs).toBe(1);
  });

  it('takes a burst as one, and looks at one that does not end', async () => {
    const file = folder.file('config.yaml');
    start(file);
    let resets = 0;
    const { clearTimeout } = clock;
    clock.clearTimeout = (timer) => {
      resets++;
      clearTimeout.call(clock, timer);
    };
    writeFileSync(file, 'a');
    await eventsArrive();
    // Every write is seen before the next, each just before the quiet would have been long enough.
    for (let at = 0; at + 400 < LONGEST_BURST_MS; at += 400) {
      clock.advance(400);
      expect(stirs).toBe(0);
      const before = resets;
      writeFileSync(file, String(at));
      await vi.waitUntil(() => resets > before, { timeout: 10_000 });
    }
    clock.advance(LONGEST_BURST_MS % 400);
    expect(stirs).toBe(1);
  });

  it('says so when the directory cannot be watched', () => {
    start(folder.file('missing/config.yaml'));
    expect(log.of('warn')).toEqual([
      `reload: ${folder.file('missing')} cannot be watched. Send SIGHUP after a change of the configuration.`,
    ]);
  });
});
