import type { HttpRequest, HttpResponse } from 'iii-listener';
import { Deadlines } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { LogBook, ManualClock, TestEngine } from 'iii-testing';
import { readConfig } from 'iii-worker';
import { describe, expect, it, vi } from 'vitest';
import { HttpConfig } from '../config.js';
import { BodyBudget } from '../request/body-budget.js';
import { parseRoute } from '../routing/route.js';
import { Exchange } from './exchange.js';
import { runExchange } from './run.js';
import { settingsOf } from './settings.js';

function exchange(send = vi.fn(), request: Partial<HttpRequest> = {}) {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 10);
  const logger = new LogBook();
  const run = vi.fn();
  const budget = new BodyBudget(() => 100);
  const response = {
    send,
    abort: vi.fn(),
    bufferedBytes: 0,
    end: vi.fn(),
    onDrained: vi.fn(),
    start: vi.fn(),
    write: vi.fn(() => 'sent'),
  };
  const places = { enter: vi.fn((entrant: Exchange) => entrant.begin()), leave: vi.fn(), streams: vi.fn() };
  const made = new Exchange(
    { method: 'GET', header: () => undefined, headers: [], query: '', ...request } as object as HttpRequest,
    response as object as HttpResponse,
    {
      route: parseRoute({ id: 't', function_id: 'f', config: { api_path: '/a' } }, 'default'),
      pathParams: {},
      settings: settingsOf({
        ...readConfig('iii-http', HttpConfig, undefined),
        default_timeout: 1000,
        stream_grace: 100,
        body_limit: 1000,
      }),
      id: undefined,
    },
    { clock, deadlines, logger, run, bodies: budget, places },
  );
  return { exchange: made, places, budget, clock, deadlines, logger, run, response };
}

const ANSWER = { status: 200, headers: [], body: 'done' };

describe('an exchange', () => {
  it('is run once, when it has its slot', () => {
    const { exchange: one, run } = exchange();
    expect(run).not.toHaveBeenCalled();
    one.begin();
    one.begin();
    expect(run).toHaveBeenCalledExactlyOnceWith(one);
  });

  it('goes on where it was when it has regained its slot, without being run again', async () => {
    const { exchange: one, places, run } = exchange();
    one.begin();
    one.leaveSlot();
    expect(places.leave).toHaveBeenCalledExactlyOnceWith(one);
    await one.regainSlot();
    expect(places.enter).toHaveBeenCalledExactlyOnceWith(one);
    expect(run).toHaveBeenCalledOnce();
    expect(one.isOpen).toBe(true);
  });

  it.each(['answered', 'closed', 'out of time'])('that is %s waits for no slot any more', async (how) => {
    const { exchange: one, places, clock, response } = exchange();
    places.enter.mockImplementation(() => {});
    one.begin();
    one.leaveSlot();
    const waiting = one.regainSlot();
    if (how === 'answered') one.answer(ANSWER);
    else if (how === 'closed') one.closed(false);
    else clock.advance(1050);
    await waiting;
    expect(one.isOpen).toBe(false);
    if (how === 'out of time')
      expect(response.send).toHaveBeenCalledWith(504, expect.anything(), expect.anything());
    await one.regainSlot();
    expect(places.enter).toHaveBeenCalledOnce();
  });

  it('is answered once', () => {
    const { exchange: one, response } = exchange();
    one.begin();
    one.answer(ANSWER);
    one.answer({ ...ANSWER, status: 500 });
    expect(response.send).toHaveBeenCalledExactlyOnceWith(200, expect.anything(), Buffer.from('done'));
    expect(one.isOpen).toBe(false);
  });

  it('is not run any more when its time is up while it waits for a slot', () => {
    const { exchange: one, clock, run, response } = exchange();
    clock.advance(1050);
    expect(response.send).toHaveBeenCalledExactlyOnceWith(504, expect.anything(), expect.anything());
    one.begin();
    expect(run).not.toHaveBeenCalled();
  });

  it('knows how much time is left', () => {
    const { exchange: one, clock } = exchange();
    expect(one.remainingMs).toBe(1000);
    clock.advance(400);
    expect(one.remainingMs).toBe(600);
    clock.advance(4000);
    expect(one.remainingMs).toBe(0);
  });

  it('whose client is gone is never answered', () => {
    for (const end of ['closed', 'abandon'] as const) {
      const { exchange: one, clock, deadlines, response } = exchange();
      one.begin();
      one[end](false);
      expect(one.dismissal.aborted).toBe(true);
      expect(deadlines.size).toBe(0);
      one.answer(ANSWER);
      clock.advance(10_000);
      expect(response.send).not.toHaveBeenCalled();
      expect(response.abort).toHaveBeenCalledTimes(end === 'abandon' ? 1 : 0);
    }
  });

  it('has no deadline any more when its answer is taken', () => {
    const { exchange: one, deadlines } = exchange();
    one.begin();
    one.answer(ANSWER);
    expect(deadlines.size).toBe(1);
    one.closed(true);
    expect(deadlines.size).toBe(0);
  });

  it('is aborted when its answer is not taken', () => {
    const { exchange: one, clock, response } = exchange();
    one.begin();
    // Two seconds at 16 KiB a second.
    one.answer({ ...ANSWER, body: new Uint8Array(32 * 1024) });
    clock.advance(2900);
    expect(response.abort).not.toHaveBeenCalled();
    clock.advance(150);
    expect(response.abort).toHaveBeenCalledOnce();
  });

  it('that must end at once is answered with 503, or cut when it has its answer', () => {
    const { exchange: one, response } = exchange();
    one.begin();
    one.cut();
    expect(response.send).toHaveBeenCalledExactlyOnceWith(503, expect.anything(), expect.anything());
    one.cut();
    expect(response.abort).toHaveBeenCalledOnce();
  });

  it('has no deadline while its answer comes in pieces, and one again until it is taken', () => {
    const { exchange: one, clock, deadlines, response } = exchange();
    one.begin();
    one.start(206, [['x-a', 'b']]);
    expect(response.start).toHaveBeenCalledExactlyOnceWith(206, expect.arrayContaining([['x-a', 'b']]));
    expect([one.isOpen, deadlines.size]).toEqual([false, 0]);
    expect(one.write(new Uint8Array(1))).toBe('sent');
    one.answer(ANSWER);
    one.start(200, []);
    expect(response.send).not.toHaveBeenCalled();
    expect(response.start).toHaveBeenCalledOnce();
    one.finish();
    one.finish();
    expect(response.end).toHaveBeenCalledOnce();
    expect(one.write(new Uint8Array(1))).toBe('closed');
    clock.advance(1100);
    expect(response.abort).toHaveBeenCalledOnce();
  });

  it('that must end at once is cut while its answer comes in pieces', () => {
    const { exchange: one, response } = exchange();
    one.begin();
    one.start(200, []);
    one.cut();
    expect(response.abort).toHaveBeenCalledOnce();
  });

  it('cancels what is done for it when its time is up, it must end, or its client is gone', () => {
    const [late, cut, left, done] = [exchange(), exchange(), exchange(), exchange()];
    for (const { exchange: one } of [late, cut, left, done]) one.begin();
    late.clock.advance(1100);
    cut.exchange.cut();
    left.exchange.closed(false);
    done.exchange.answer(ANSWER);
    done.exchange.closed(true);
    expect([late, cut, left, done].map((each) => each.exchange.dismissal.aborted)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(late.exchange.dismissal.reason).toBe('the request was not answered within 1000 ms');
  });

  it('whose answer the listener refuses is aborted, and the log says why', () => {
    const refused = new Error('invalid header');
    const {
      exchange: one,
      logger,
      response,
    } = exchange(
      vi.fn(() => {
        throw refused;
      }),
    );
    one.begin();
    one.answer(ANSWER);
    expect(response.abort).toHaveBeenCalledOnce();
    expect(logger.of('error')).toMatchObject([
      { message: 'an answer could not be sent', fields: { err: refused } },
    ]);
  });
});

it('a body that is cut off ends its exchange at once: nothing is called with it', async () => {
  const {
    exchange: one,
    deadlines,
    logger,
    response,
  } = exchange(vi.fn(), {
    headers: [['content-type', 'application/json']],
    read: (events) => events.aborted(),
  });
  const trigger = vi.fn();
  one.begin();
  await runExchange(one, { iii: { trigger } as object as IIIClient, logger, deadlines });
  expect(response.abort).toHaveBeenCalledOnce();
  expect(trigger).not.toHaveBeenCalled();
  expect(one.isOpen).toBe(false);
});

it('a body for which there is no memory is answered with 503, and the memory of others is theirs', async () => {
  const {
    exchange: one,
    budget,
    deadlines,
    logger,
    response,
  } = exchange(vi.fn(), {
    headers: [['content-type', 'application/json']],
    pause: () => {},
    read: (events) => events.data(new Uint8Array(60)),
  });
  const other = budget.open();
  other.take(50);
  one.begin();
  await runExchange(one, { iii: { trigger: vi.fn() } as object as IIIClient, logger, deadlines });
  expect(response.send).toHaveBeenCalledExactlyOnceWith(
    503,
    expect.arrayContaining([['retry-after', '1']]),
    expect.anything(),
  );
  expect(budget.taken).toBe(50);
});

it('the memory of a body is held until its exchange is closed', async () => {
  const {
    exchange: one,
    budget,
    deadlines,
    logger,
  } = exchange(vi.fn(), {
    headers: [['content-type', 'application/json']],
    read: (events) => {
      events.data(Buffer.from('[1]'));
      events.end();
    },
  });
  one.begin();
  await using engine = new TestEngine();
  const iii = await engine.client();
  iii.registerFunction('f', () => 1);
  await runExchange(one, { iii, logger, deadlines });
  expect(budget.taken).toBe(3);
  one.closed(true);
  expect(budget.taken).toBe(0);
});
