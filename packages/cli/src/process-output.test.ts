import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { writerTo } from './process-output.js';

function failing(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  });
}

describe('writing to a stream of the process', () => {
  it('passes the text on and leaves no listener behind', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const write = writerTo(stream);
    const before = stream.listenerCount('error');
    for (let i = 0; i < 20; i++) write(`${i} `);
    expect(stream.listenerCount('error')).toBe(before + 1);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(stream.read()).toBe(Array.from({ length: 20 }, (_, i) => `${i} `).join(''));
    expect(stream.listenerCount('error')).toBe(before);
  });

  it('goes on when the reader has gone away', async () => {
    const stream = failing('EPIPE');
    const write = writerTo(stream);
    write('one');
    write('two');
    await new Promise((resolve) => stream.once('close', resolve));
    write('three');
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(stream.listenerCount('error')).toBe(0);
  });

  it('does not hide any other failure', () => {
    const stream = new PassThrough();
    writerTo(stream)('text');
    expect(() => stream.emit('error', Object.assign(new Error('no space left'), { code: 'ENOSPC' }))).toThrow(
      'no space left',
    );
  });
});
