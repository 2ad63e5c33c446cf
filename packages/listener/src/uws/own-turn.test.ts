import { describe, expect, it } from 'vitest';
import { FakeResponse } from './fake-response.js';
import { calledFor, isCalledFor, OwnTurn } from './own-turn.js';
import { UwsResponse } from './response.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a turn of its own', () => {
  it('does all that has come up together, in order, and what comes up in it in the next', async () => {
    const turn = new OwnTurn();
    const done: string[] = [];
    turn.run(() => {
      done.push('a');
      turn.run(() => done.push('c'));
    });
    turn.run(() => done.push('b'));
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual(['a', 'b']);
    await nextTurn();
    expect(done).toEqual(['a', 'b', 'c']);
  });
});

describe('the library', () => {
  it('calls back for one connection at a time', () => {
    const [one, other] = [{}, {}];
    calledFor(one);
    expect([isCalledFor(one), isCalledFor(other)]).toEqual([true, false]);
    calledFor(other);
    expect([isCalledFor(one), isCalledFor(other)]).toEqual([false, true]);
  });
});

describe('a whole answer', () => {
  function answer() {
    const res = new FakeResponse();
    const turn = new OwnTurn();
    const ended: string[] = [];
    const exchange = {
      method: 'GET',
      report: () => {},
      draining: () => false,
      settled: () => {},
      ended: () => void ended.push('ended'),
      inOwnTurn: (work: () => void) => turn.run(work),
    };
    const body = { answerBlocked: () => {}, answerUnblocked: () => {} };
    const response = new UwsResponse(res, exchange, () => body);
    res.onAborted(() => response.lost());
    return { res, response, ended };
  }

  it('leaves at once within the callback for its request', () => {
    const { res, response } = answer();
    calledFor(res);
    response.send(200, [], 'body');
    expect(response.closed).toBe(true);
    expect(res.take()).toEqual(['status 200 OK', 'tryEnd 4/4 takes 4']);
  });

  it.each([
    [200, [], ['status 200 OK', 'tryEnd 4/4 takes 4']],
    [204, [], ['status 204 No Content', 'endWithoutBody']],
    [200, [['connection', 'close']], ['status 200 OK', 'end 4 close']],
  ] as const)(
    'of status %i with %j leaves in a turn of its own otherwise',
    async (status, headers, calls) => {
      const { res, response, ended } = answer();
      calledFor({});
      response.send(status, headers, 'body');
      response.send(500);
      expect([response.closed, response.bufferedBytes]).toEqual([false, 4]);
      expect(res.take()).toEqual([]);
      await nextTurn();
      expect(res.take()).toEqual(calls);
      expect([response.closed, ended]).toEqual([true, ['ended']]);
    },
  );

  it('whose client leaves before its turn is not written', async () => {
    const { res, response, ended } = answer();
    calledFor({});
    response.send(200, [], 'body');
    res.lose();
    await nextTurn();
    expect(res.take()).toEqual([]);
    expect([response.closed, ended]).toEqual([true, ['ended']]);
  });

  it('that is refused is refused at once', () => {
    const { response } = answer();
    calledFor({});
    expect(() => response.send(700)).toThrow('status 700');
    response.send(200, [], '');
    expect(response.closed).toBe(false);
  });
});
