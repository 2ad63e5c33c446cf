import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ManualClock } from 'iii-protocol/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelHub } from './channel-hub.js';
import { spoolFilesIn } from './spool-files.js';
import { comparable, FakeEnd, KIB, MIB } from './test-support.js';

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'iii-spool-test-'));
});

afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

const hasProc = fs.existsSync('/proc/self/fd');

/** Descriptors of this process that are files of the directory, as Linux shows them when they have no name. */
function openFiles(): string[] {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = fs.readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) ? [target] : [];
    } catch {
      return [];
    }
  });
}

describe('a spool file', () => {
  it('has no name, and nobody else may read it while it has one', () => {
    const open = vi.spyOn(fs, 'openSync');
    const file = spoolFilesIn(directory).open();
    expect(open.mock.calls[0]?.[2]).toBe(0o600);
    expect(Number(open.mock.calls[0]?.[1]) & fs.constants.O_EXCL).toBe(fs.constants.O_EXCL);
    expect(fs.readdirSync(directory)).toEqual([]);
    file.close();
  });

  it('is closed when it cannot be made nameless', () => {
    vi.spyOn(fs, 'unlinkSync').mockImplementation(() => {
      throw new Error('no');
    });
    const close = vi.spyOn(fs, 'closeSync');
    expect(() => spoolFilesIn(directory).open()).toThrow('no');
    expect(close).toHaveBeenCalledOnce();
  });

  it('gives back what was written to it, also where the system takes less at a time', () => {
    const file = spoolFilesIn(directory).open();
    const target = new Uint8Array(6);
    vi.spyOn(fs, 'writevSync').mockImplementationOnce((fd, parts, position) =>
      fs.writeSync(fd, parts[0] as Uint8Array, 0, 1, position),
    );
    file.write([Buffer.from('abc'), Buffer.from('def')], 10);
    vi.restoreAllMocks();
    file.read(target, 10);
    expect(Buffer.from(target).toString()).toBe('abcdef');
    file.write([Buffer.from('gh')], 16);
    file.read(target, 12);
    expect(Buffer.from(target).toString()).toBe('cdefgh');
    expect(() => file.read(target, 13)).toThrow(/ends at 18/);
    file.clear();
    expect(() => file.read(target, 0)).toThrow(/ends at 0/);
    file.close();
  });

  it('is on a disk of which the space is known', () => {
    const { free, total } = spoolFilesIn(directory).space();
    expect(total).toBeGreaterThan(0);
    expect(free).toBeGreaterThan(0);
    expect(free).toBeLessThanOrEqual(total);
  });
});

describe.skipIf(!hasProc)('files of a hub', () => {
  it('are closed when their channel ends, whichever way, and when the hub does', async () => {
    const hub = new ChannelHub({ clock: new ManualClock(), spoolDirectory: directory });
    const pairs = Array.from({ length: 4 }, (_, i) => {
      const refs = hub.create(`owner ${i}`, { bufferSize: 1 });
      const writer = new FakeEnd().attach(hub, refs.writer);
      for (let n = 0; n < 20; n++) writer.binary(Buffer.alloc(40 * KIB, i + n));
      return { refs, writer };
    });
    const [read, abandoned, lost] = pairs;
    if (read === undefined || abandoned === undefined || lost === undefined) throw new Error('unreachable');
    expect(openFiles()).toHaveLength(4);
    expect(openFiles().every((target) => target.endsWith(' (deleted)'))).toBe(true);

    const reader = new FakeEnd().attach(hub, read.refs.reader);
    read.writer.end();
    expect(comparable(reader.received)).toEqual(
      comparable(Array.from({ length: 20 }, (_, n) => Buffer.alloc(40 * KIB, n))),
    );
    expect(reader.closedWith?.code).toBe(1000);
    expect(openFiles()).toHaveLength(3);
    hub.releaseOwner('owner 1');
    expect(abandoned.writer.closedWith?.code).toBe(1011);
    expect(openFiles()).toHaveLength(2);
    const slow = new FakeEnd();
    slow.isBlocked = true;
    slow.attach(hub, lost.refs.reader).end(1006);
    expect(openFiles()).toHaveLength(1);
    await hub.close();
    expect(openFiles()).toEqual([]);
    expect(hub.usage.spool_bytes).toBe(0);
  });

  it('are not needed while readers keep up', async () => {
    const hub = new ChannelHub({ clock: new ManualClock(), spoolDirectory: path.join(directory, 'missing') });
    const refs = hub.create('owner');
    const reader = new FakeEnd().attach(hub, refs.reader);
    const writer = new FakeEnd().attach(hub, refs.writer);
    for (let i = 0; i < 64; i++) writer.binary(MIB);
    expect(reader.received).toHaveLength(64);
    reader.isBlocked = true;
    for (let i = 0; i < 4; i++) writer.binary(MIB);
    expect(writer.closedWith).toEqual({
      code: 1011,
      reason: 'what waits for the reader could not be kept on disk',
    });
    await hub.close();
  });
});
