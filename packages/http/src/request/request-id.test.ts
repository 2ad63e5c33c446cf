import type { RequestHead } from 'iii-listener';
import { describe, expect, it } from 'vitest';
import { requestIdOf, withRequestId } from './request-id.js';

const head = (given?: string) =>
  ({
    header: (name: string) => (name === 'x-id' ? given : undefined),
  }) as Partial<RequestHead> as RequestHead;

describe('the id of a request', () => {
  it('is none where no header is configured', () => {
    expect(requestIdOf(head('a'), null)).toBeUndefined();
    const headers = [['x-id', 'a']] as const;
    expect(withRequestId(headers, undefined)).toBe(headers);
  });

  it.each(['a', '!', '~', 'x'.repeat(128)])('that is sound is kept: %j', (given) => {
    expect(requestIdOf(head(given), 'x-id')).toEqual({ header: 'x-id', value: given });
  });

  it.each([undefined, '', ' ', 'a b', 'a\n', 'a\r\nb: c', '\u0000', '\u007f', 'caf\u00e9', 'x'.repeat(129)])(
    'that is not is replaced: %j',
    (given) => {
      const id = requestIdOf(head(given), 'x-id');
      expect(id?.value).toHaveLength(36);
    },
  );

  it('takes the place of every header of its name', () => {
    const headers = [
      ['X-Id', 'a'],
      ['y', 'b'],
      ['x-id', 'c'],
    ] as const;
    expect(withRequestId(headers, { header: 'x-id', value: 'd' })).toEqual([
      ['y', 'b'],
      ['x-id', 'd'],
    ]);
  });
});
