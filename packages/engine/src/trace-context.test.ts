import { describe, expect, it } from 'vitest';
import { baggageFor, contextForExecutor, normalizeTraceparent } from './trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    [`00-${TRACE}-${SPAN}-ff`, `00-${TRACE}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-02`, `00-${TRACE}-${SPAN}-00`],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, `00-${TRACE}-${SPAN}-01`],
    [` 00-${TRACE}-${SPAN}-01 `, `00-${TRACE}-${SPAN}-01`],
  ])('%s goes on as %s', (given, expected) => {
    expect(normalizeTraceparent(given)).toBe(expected);
  });

  it.each([
    '',
    'nonsense',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  ])('%j is dropped', (given) => {
    expect(normalizeTraceparent(given)).toBeUndefined();
  });
});

describe('baggage', () => {
  it.each([
    [undefined, 'iii.function.id=a::b'],
    ['', 'iii.function.id=a::b'],
    ['k=v;p=1, x=y', 'k=v;p=1,x=y,iii.function.id=a::b'],
    ['iii.function.id=old,k=v', 'k=v,iii.function.id=a::b'],
    [' iii.function.id = old ; p=1 ,k=v', 'k=v,iii.function.id=a::b'],
    ['iii.function.id.other=1', 'iii.function.id.other=1,iii.function.id=a::b'],
  ])('%j names the function as %s', (given, expected) => {
    expect(baggageFor('a::b', given)).toBe(expected);
  });

  it('encodes what may not stand in a value', () => {
    expect(baggageFor('a,b c=é;\ud800', undefined)).toBe('iii.function.id=a%2Cb%20c%3D%C3%A9%3B%EF%BF%BD');
  });
});

describe('what an executor sees', () => {
  it('is nothing when the caller sent nothing', () => {
    expect(contextForExecutor('a::b', {})).toEqual({});
  });

  it('is the trace with the function named in the baggage', () => {
    expect(contextForExecutor('a::b', { traceparent: `00-${TRACE}-${SPAN}-01` })).toEqual({
      traceparent: `00-${TRACE}-${SPAN}-01`,
      baggage: 'iii.function.id=a::b',
    });
    expect(contextForExecutor('a::b', { baggage: 'k=v' })).toEqual({ baggage: 'k=v,iii.function.id=a::b' });
  });

  it('is nothing when all the caller sent was invalid', () => {
    expect(contextForExecutor('a::b', { traceparent: 'x', baggage: '' })).toEqual({});
    expect(contextForExecutor('a::b', { traceparent: 'x', baggage: 'k=v' })).toEqual({
      baggage: 'k=v,iii.function.id=a::b',
    });
  });

  it('is the caller’s own baggage for functions that are built in', () => {
    const trace = { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: 'k=v' };
    expect(contextForExecutor('state::get', trace)).toEqual(trace);
    expect(contextForExecutor('publish', { traceparent: trace.traceparent })).toEqual({
      traceparent: trace.traceparent,
    });
  });
});
