import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog, type LogOptions } from './log.js';

describe('the log of a process', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'log-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
    vi.unstubAllEnvs();
  });

  function written(options: LogOptions, write: (log: ReturnType<typeof createLog>) => void): string {
    const file = path.join(directory, 'out.log');
    const destination = openSync(file, 'w');
    write(createLog({ ...options, destination }));
    closeSync(destination);
    return readFileSync(file, 'utf8');
  }

  it('is one line of text for people, fields behind the sentence', () => {
    const text = written({ format: 'text' }, (log) => log.warn({ worker: 'w', n: 1 }, 'something happened'));
    expect(text).toMatch(/^\[\d\d:\d\d:\d\d\.\d+\] WARN: something happened \{"worker":"w","n":1\}\n$/);
  });

  it('is one line of JSON for machines', () => {
    vi.stubEnv('III_LOG_FORMAT', 'json');
    const text = written({}, (log) => log.child({ worker: 'w' }).error({ n: 1 }, 'broken'));
    expect(JSON.parse(text)).toMatchObject({ level: 50, worker: 'w', n: 1, msg: 'broken' });
  });

  it('leaves out what may be secret', () => {
    const text = written({ format: 'json' }, (log) =>
      log.info({ token: 'abc', frame: { reattach_token: 'def', id: 'kept' } }, 'x'),
    );
    expect(text).not.toMatch(/abc|def/);
    expect(text).toContain('kept');
  });

  it.each([
    ['warn', 'w'],
    ['WARN', 'w'],
    ['nonsense', 'iw'],
    ['silent', ''],
  ])('with the level %s keeps %j', (level, expected) => {
    vi.stubEnv('III_LOG_LEVEL', level);
    const text = written({ format: 'json' }, (log) => {
      log.debug({}, 'd');
      log.info({}, 'i');
      log.warn({}, 'w');
    });
    const lines = text.split('\n').filter(Boolean);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg).join('')).toBe(expected);
  });
});
