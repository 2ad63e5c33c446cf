import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { ManualClock } from 'iii-protocol/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Plan } from './config/plan.js';
import { Reload } from './reload.js';
import { Folder, LogBook } from './test-support.js';
import { DEBOUNCE_MS } from './watch.js';

const text = (grace: number) => `shutdown_grace_ms: ${grace}\n`;

describe('following a configuration file', () => {
  let folder: Folder;
  let file: string;
  let clock: ManualClock;
  let log: LogBook;
  /** What the house was given, by the setting that tells the texts apart. */
  let applied: number[];
  let refusals: string[];
  let apply: (plan: Plan) => Promise<{ failed: number }>;
  let reload: Reload | undefined;

  beforeEach(() => {
    folder = new Folder();
    file = folder.file('config.yaml');
    clock = new ManualClock();
    log = new LogBook();
    applied = [];
    refusals = [];
    apply = async () => ({ failed: 0 });
    writeFileSync(file, text(1));
  });

  afterEach(async () => {
    await reload?.close();
    expect(clock.pending).toBe(0);
    folder[Symbol.dispose]();
  });

  function start(known: string | undefined = text(1)): Reload {
    const house = {
      apply: (plan: Plan) => {
        applied.push(plan.root.shutdown_grace_ms);
        return apply(plan);
      },
      refuse: (reason: string) => void refusals.push(reason),
    };
    const env = { GRACE: '77' };
    reload = new Reload({ house, file, text: known, env, version: '1.2.3', log, clock });
    return reload;
  }

  /** Lets the events of a change come in and its debounce pass, until what it leads to has happened. */
  async function settled(hasHappened: () => boolean): Promise<void> {
    await vi.waitUntil(
      () => {
        clock.advance(DEBOUNCE_MS);
        return hasHappened();
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  /** Everything that may still come from events so far has come. */
  async function quiet(): Promise<void> {
    writeFileSync(folder.file('sibling'), String(performance.now()));
    await vi.waitUntil(() => clock.pending > 0, { timeout: 10_000 });
    clock.advance(DEBOUNCE_MS);
    await reload?.close();
  }

  it('says what it watches, and does nothing while the file is as it was', async () => {
    start();
    writeFileSync(file, text(1));
    await quiet();
    expect(applied).toEqual([]);
    expect(log.lines).toEqual([`info: reload: watching ${file} for changes`]);
  });

  it('applies a file that is saved in place, and expands its variables', async () => {
    start();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference to the environment
    writeFileSync(file, 'shutdown_grace_ms: ${GRACE}\n');
    await settled(() => applied.length > 0);
    expect(applied).toEqual([77]);
    expect(log.of('info').slice(1)).toEqual([
      `reload: config changed, reloading from ${file}`,
      'reload: success',
    ]);
  });

  it('applies a file that is saved by renaming, more than once', async () => {
    start();
    for (const grace of [2, 3]) {
      writeFileSync(`${file}.tmp`, text(grace));
      renameSync(`${file}.tmp`, file);
      await settled(() => applied.at(-1) === grace);
    }
    expect(applied).toEqual([2, 3]);
  });

  it('applies a file behind a symbolic link that is swapped', async () => {
    rmSync(file);
    for (const grace of [1, 2]) {
      mkdirSync(folder.file(`v${grace}`));
      writeFileSync(folder.file(`v${grace}/config.yaml`), text(grace));
    }
    symlinkSync('v1', folder.file('..data'));
    symlinkSync('..data/config.yaml', file);
    start();
    symlinkSync('v2', folder.file('..data_tmp'));
    renameSync(folder.file('..data_tmp'), folder.file('..data'));
    await settled(() => applied.length > 0);
    expect(applied).toEqual([2]);
  });

  it('reads a file once that is written many times in a row', async () => {
    start();
    for (let grace = 2; grace <= 30; grace++) writeFileSync(file, text(grace));
    await vi.waitUntil(() => clock.pending > 0, { timeout: 10_000 });
    await quiet();
    expect(applied).toEqual([30]);
  });

  it('warns once about a file that is gone, and takes it when it is back', async () => {
    start();
    rmSync(file);
    await settled(() => log.of('warn').length > 0);
    writeFileSync(folder.file('sibling'), 'x');
    writeFileSync(file, text(2));
    await settled(() => applied.length > 0);
    expect(applied).toEqual([2]);
    expect(refusals).toEqual([]);
    expect(log.of('warn')).toEqual([
      `reload: ${file} is gone. Everything runs on; the file is read when it is back.`,
    ]);
  });

  it('does not miss a file that there was none of at the start', async () => {
    rmSync(file);
    const following = start(undefined);
    await following.close();
    expect(log.of('warn')).toEqual([]);
  });

  it('takes what changed between the start and now', async () => {
    writeFileSync(file, text(2));
    start();
    await vi.waitUntil(() => applied.length > 0);
    expect(applied).toEqual([2]);
  });

  it('refuses what is wrong with one error that names line and fix, until it is right', async () => {
    start();
    writeFileSync(file, 'workers: []\nshutdown_grace: 5\nrouting: { replicas: secret }\n');
    await settled(() => refusals.length > 0);
    expect(applied).toEqual([]);
    expect(log.of('error')).toEqual([
      `reload: refused, everything runs as before: ${file}:2:1: "shutdown_grace" is not known. ` +
        `Did you mean "shutdown_grace_ms"?; ${file}:3:12: "replicas" expected "shared" or "exclusive" or "latest", ` +
        'not "secret"',
    ]);
    expect(refusals).toEqual(['config.yaml:2: the changed configuration was refused, see the log']);
    writeFileSync(file, text(2));
    await settled(() => applied.length > 0);
    expect(applied).toEqual([2]);
  });

  it('refuses a file that cannot be read', async () => {
    start();
    rmSync(file);
    mkdirSync(file);
    await settled(() => refusals.length > 0);
    expect(refusals).toEqual(['config.yaml: the changed configuration was refused, see the log']);
    expect(log.of('error')).toEqual([expect.stringMatching(/cannot be read: .*EISDIR/)]);
  });

  it('tries again at once when it is asked, although the file is the same', async () => {
    apply = async () => ({ failed: 1 });
    const following = start();
    await following.now();
    expect(log.of('warn')).toEqual([
      `reload: incomplete, 1 failed. Change ${file}, or send SIGHUP to try again.`,
    ]);
    apply = async () => ({ failed: 0 });
    await following.now();
    expect(applied).toEqual([1, 1]);
    expect(log.of('info').at(-1)).toBe('reload: success');
  });

  /** A reload that has begun, and goes on until it is told to end. */
  async function underWay(following: Reload) {
    await following.now();
    applied = [];
    let end: () => void = () => {};
    apply = () => new Promise((resolve) => (end = () => resolve({ failed: 0 })));
    const done = following.now();
    await vi.waitUntil(() => applied.length === 1);
    apply = async () => ({ failed: 0 });
    return { done, end: () => end() };
  }

  it('reloads one at a time, and looks at what changed meanwhile afterwards', async () => {
    const following = start();
    const first = await underWay(following);
    writeFileSync(file, text(2));
    writeFileSync(file, text(3));
    const second = following.now();
    await new Promise((resolve) => setImmediate(resolve));
    expect(applied).toEqual([1]);
    first.end();
    await Promise.all([first.done, second]);
    expect(applied).toEqual([1, 3]);
  });

  it('does nothing any more once it is closed, and its end waits for a reload under way', async () => {
    const following = start();
    const first = await underWay(following);
    let isOver = false;
    const closed = following.close().then(() => {
      isOver = true;
    });
    writeFileSync(file, text(2));
    const late = following.now();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    first.end();
    const { length } = log.lines;
    await Promise.all([first.done, closed, late]);
    expect(applied).toEqual([1]);
    expect(log.lines.slice(length)).toEqual([]);
  });
});
