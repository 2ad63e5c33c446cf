import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_KEPT_BYTES, UwsBody } from './body.js';
import { FakeResponse } from './fake-response.js';

const MIB = 1024 * 1024;

function make(announced = true) {
  const res = new FakeResponse();
  const answer = { blocked: false, abort: () => res.close() };
  const errors: unknown[] = [];
  const body = new UwsBody(res, announced, (error) => errors.push(error), answer);
  const heard: string[] = [];
  const events = {
    data: (chunk: Uint8Array) => heard.push(Buffer.from(chunk).toString()),
    end: () => heard.push('end'),
    aborted: () => heard.push('aborted'),
  };
  return { res, answer, body, errors, heard, events };
}

/** Lets the turn of the loop end in which the library delivered something. */
const turn = () => vi.advanceTimersByTime(0);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a body that nobody wants yet', () => {
  it('is paused at its first bytes, which are kept', async () => {
    const { res, body, heard, events } = make();
    res.receive('hel');
    turn();
    expect(res.take()).toEqual(['pause']);
    body.read(events);
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual(['hel']);
    expect(res.take()).toEqual(['resume']);
    res.receive('lo', true);
    expect(heard).toEqual(['hel', 'lo', 'end']);
  });

  it('is not paused after its last byte', async () => {
    const { res, body, heard, events } = make();
    res.receive('hel');
    res.receive('lo', true);
    turn();
    expect(res.take()).toEqual([]);
    body.read(events);
    await Promise.resolve();
    expect(heard).toEqual(['hel', 'lo', 'end']);
    expect(res.take()).toEqual([]);
  });

  it('is paused again when bytes slip through', () => {
    const { res } = make();
    res.receive('a');
    turn();
    res.receive('b');
    turn();
    expect(res.take()).toEqual(['pause', 'pause']);
  });

  it('is not paused before the library has had a look, even if the answer has begun', () => {
    const { res, body } = make();
    body.answerUnblocked();
    res.receive('all of it', true);
    turn();
    expect(res.take()).toEqual([]);
  });

  it('is let flow before the answer ends, and thrown away', () => {
    const { res, body, heard, events } = make();
    res.receive('a');
    turn();
    res.take();
    body.drop();
    expect(res.take()).toEqual(['resume']);
    res.receive('b', true);
    body.read(events);
    expect(heard).toEqual([]);
  });
});

describe('a body that was not announced', () => {
  it('ends, and never touches the connection', async () => {
    const { res, body, heard, events } = make(false);
    body.read(events);
    await Promise.resolve();
    body.drop();
    expect(heard).toEqual(['end']);
    expect(res.take()).toEqual([]);
  });
});

describe('an owner that pauses', () => {
  it('gets nothing until it resumes, and then everything in order', async () => {
    const { res, body, heard, events } = make();
    body.read({
      ...events,
      data: (chunk) => {
        events.data(chunk);
        body.pause();
      },
    });
    await Promise.resolve();
    res.receive('a');
    res.receive('b');
    res.receive('c', true);
    expect(heard).toEqual(['a']);
    for (const expected of [
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'end'],
    ]) {
      body.resume();
      await Promise.resolve();
      expect(heard).toEqual(expected);
    }
  });

  it('gets its aborted at once when the client leaves', async () => {
    const { res, body, heard, events } = make();
    body.read(events);
    body.pause();
    await Promise.resolve();
    res.receive('a');
    body.lost();
    expect(heard).toEqual(['aborted']);
    body.resume();
    await Promise.resolve();
    expect(heard).toEqual(['aborted']);
  });
});

describe('while the answer is blocked', () => {
  it('a held body flows again with the write that failed, and is held once the answer moves', () => {
    const { res, answer, body } = make();
    res.receive('a');
    turn();
    res.take();
    answer.blocked = true;
    body.answerBlocked();
    res.receive('b');
    turn();
    expect(res.take()).toEqual([]);
    answer.blocked = false;
    body.answerUnblocked();
    turn();
    expect(res.take()).toEqual(['pause']);
  });

  it('bytes nobody wants are kept easily at first, then between naps that double', () => {
    const { res, answer } = make();
    answer.blocked = true;
    res.receive(MIB);
    turn();
    expect(res.take()).toEqual([]);
    for (const nap of [10, 20, 40]) {
      res.receive(MIB / 2);
      turn();
      expect(res.take()).toEqual(['pause']);
      vi.advanceTimersByTime(nap - 1);
      expect(res.take()).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(res.take()).toEqual(['resume']);
    }
  });

  it('too many of them cut the connection, and are reported', () => {
    const { res, answer, errors } = make();
    answer.blocked = true;
    for (let kept = 0; kept <= MAX_KEPT_BYTES; kept += MIB) {
      res.receive(MIB);
      vi.advanceTimersByTime(1000);
    }
    expect(res.take().at(-1)).toBe('close');
    expect(errors).toEqual([expect.objectContaining({ code: 'body_backlog_overflow' })]);
  });

  it('a nap ends with the body, with the connection, and when the owner wants more', async () => {
    for (const end of ['drop', 'lost', 'resume'] as const) {
      const { res, answer, body, events } = make();
      answer.blocked = true;
      body.read(events);
      body.pause();
      await Promise.resolve();
      res.receive(2 * MIB);
      turn();
      expect(res.take()).toEqual(['pause']);
      expect(vi.getTimerCount()).toBe(1);
      body[end]();
      await Promise.resolve();
      expect(vi.getTimerCount(), end).toBe(0);
      expect(res.take()).toEqual(end === 'lost' ? [] : ['resume']);
    }
  });
});
