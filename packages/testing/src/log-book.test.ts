import { describe, expect, it } from 'vitest';
import { LogBook } from './log-book.js';
import { gate, settled } from './waiting.js';

describe('a log that tests can read', () => {
  it('keeps every line with its level and what came with it', () => {
    const log = new LogBook();
    log.warn({ worker: 'w' }, 'odd');
    log.info({}, 'fine');
    expect(log.of('warn')).toEqual([{ level: 'warn', message: 'odd', fields: { worker: 'w' } }]);
    expect([log.messages('info'), log.messages('error')]).toEqual([['fine'], []]);
  });

  it('has lines waited for, whether they are written before or after', async () => {
    const log = new LogBook();
    log.debug({ n: 1 }, 'begun 1');
    expect((await log.line(/^begun/)).fields).toEqual({ n: 1 });
    const twice = log.written('done', 2);
    const order: string[] = [];
    void twice.then(() => order.push('twice'));
    log.info({}, 'done');
    await settled();
    order.push('once');
    log.info({}, 'done');
    await twice;
    expect(order).toEqual(['once', 'twice']);
  });
});

it('a gate stays open with what it was opened with', async () => {
  const { opened, open } = gate<number>();
  open(1);
  open(2);
  expect(await opened).toBe(1);
});
