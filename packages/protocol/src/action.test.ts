import { describe, expect, it } from 'vitest';
import { readAction } from './action.js';

describe('an action', () => {
  it('keeps what else it asks for apart', () => {
    expect(readAction({ type: 'void', more: 1 })).toEqual({ type: 'void' });
    expect(readAction({ type: 'enqueue', queue: 'q' })).toEqual({ type: 'enqueue', queue: 'q' });
    expect(readAction({ type: 'enqueue', queue: 'q', delay_ms: 5 })).toEqual({
      type: 'enqueue',
      queue: 'q',
      options: { delay_ms: 5 },
    });
  });

  it.each([null, 'void', 7, [], {}, { type: 'Void' }, { type: 'enqueue' }, { type: 'enqueue', queue: 7 }])(
    'is not %j',
    (value) => {
      expect(readAction(value)).toBeUndefined();
    },
  );
});
