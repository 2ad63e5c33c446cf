import { describe, expect, it } from 'vitest';
import { FakeResponse } from './fake-response.js';
import { ChunkedOutflow, PIECE_BYTES, WholeOutflow } from './outflow.js';

const head = (res: FakeResponse) => () => res.writeStatus('200 OK');

describe('a body of known length', () => {
  it('goes in one call when the kernel takes it', () => {
    const res = new FakeResponse();
    const outflow = new WholeOutflow(res, new Uint8Array(100), head(res));
    expect(outflow.bufferedBytes).toBe(100);
    expect(outflow.advance()).toBe(true);
    expect(outflow.bufferedBytes).toBe(0);
    expect(res.take()).toEqual(['status 200 OK', 'tryEnd 100/100 takes 100']);
  });

  it('continues where the kernel stopped, and writes its head once, even if nothing was taken at first', () => {
    const res = new FakeResponse();
    res.takes.push(0, 30, 0);
    const outflow = new WholeOutflow(res, new Uint8Array(100), head(res));
    expect([outflow.advance(), outflow.bufferedBytes]).toEqual([false, 100]);
    expect([outflow.advance(), outflow.bufferedBytes]).toEqual([false, 70]);
    expect([outflow.advance(), outflow.bufferedBytes]).toEqual([false, 70]);
    expect([outflow.advance(), outflow.bufferedBytes]).toEqual([true, 0]);
    expect(res.take()).toEqual([
      'status 200 OK',
      'tryEnd 100/100 takes 0',
      'tryEnd 100/100 takes 30',
      'tryEnd 70/100 takes 0',
      'tryEnd 70/100 takes 70',
    ]);
  });

  it('tries again when it is nudged', () => {
    const res = new FakeResponse();
    res.takes.push(10, 0, 20);
    const outflow = new WholeOutflow(res, new Uint8Array(100), head(res));
    outflow.advance();
    expect([outflow.nudge(), outflow.bufferedBytes]).toEqual([false, 90]);
    expect([outflow.nudge(), outflow.bufferedBytes]).toEqual([false, 70]);
    expect([outflow.nudge(), outflow.bufferedBytes]).toEqual([true, 0]);
  });

  it('may be empty', () => {
    const res = new FakeResponse();
    expect(new WholeOutflow(res, new Uint8Array(0), head(res)).advance()).toBe(true);
  });
});

describe('a body in pieces', () => {
  it('is cut into what the library may keep', () => {
    const res = new FakeResponse();
    const outflow = new ChunkedOutflow(res, head(res));
    outflow.push(new Uint8Array(2 * PIECE_BYTES + 1));
    expect(outflow.advance(false)).toBe(false);
    expect(res.take()).toEqual(['status 200 OK', `write ${PIECE_BYTES}`, `write ${PIECE_BYTES}`, 'write 1']);
    expect(outflow.bufferedBytes).toBe(0);
  });

  it('stops at the first piece that stays behind, and counts it', () => {
    const res = new FakeResponse();
    res.writes.push(true, false);
    const outflow = new ChunkedOutflow(res, head(res));
    outflow.push(new Uint8Array(4 * PIECE_BYTES));
    outflow.advance(false);
    expect(outflow.bufferedBytes).toBe(3 * PIECE_BYTES);
    res.take();
    outflow.advance(false);
    expect(res.take()).toEqual([]);
    outflow.advance(true);
    expect(res.take()).toHaveLength(2);
    expect(outflow.bufferedBytes).toBe(0);
  });

  it('ends once everything is out, not before', () => {
    const res = new FakeResponse();
    res.writes.push(false);
    const outflow = new ChunkedOutflow(res, head(res));
    outflow.push(new Uint8Array(10));
    outflow.end();
    expect(outflow.advance(false)).toBe(false);
    expect(res.take()).toEqual(['status 200 OK', 'write 10']);
    expect(outflow.advance(true)).toBe(true);
    expect(res.take()).toEqual(['end 0']);
  });

  it('without a piece still has its head', () => {
    const res = new FakeResponse();
    const outflow = new ChunkedOutflow(res, head(res));
    outflow.end();
    expect(outflow.advance(false)).toBe(true);
    expect(res.take()).toEqual(['status 200 OK', 'end 0']);
  });

  it('takes no notice of an empty piece', () => {
    const res = new FakeResponse();
    const outflow = new ChunkedOutflow(res, head(res));
    outflow.push(new Uint8Array(0));
    outflow.advance(false);
    expect(res.take()).toEqual([]);
  });

  it('that is nudged gives the library nothing more to keep', () => {
    const res = new FakeResponse();
    res.writes.push(false);
    const outflow = new ChunkedOutflow(res, head(res));
    outflow.push(new Uint8Array(2 * PIECE_BYTES));
    outflow.advance(false);
    res.take();
    expect(outflow.nudge()).toBe(false);
    expect(res.take()).toEqual([]);
    expect(outflow.bufferedBytes).toBe(2 * PIECE_BYTES);
  });
});
