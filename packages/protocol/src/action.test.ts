import { describe, expect, it } from 'vitest';
import { ActionReader, readAction } from './action.js';
import { raw } from './test-support.js';

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

describe('a reader of actions', () => {
  it('knows the one it has just read by its spelling, and no other', () => {
    const reader = new ActionReader();
    const bytes = raw('{"type":"enqueue","queue":"a"}');
    const first = reader.read(bytes);
    expect(first).toEqual({ type: 'enqueue', queue: 'a' });
    expect(reader.read(raw('{"type":"enqueue","queue":"a"}'))).toBe(first);
    // What was read before may be overwritten: the memory of a message is its sender’s.
    bytes.fill(0x20);
    expect(reader.read(raw('{"type":"enqueue","queue":"a"}'))).toBe(first);
    expect(reader.read(raw('{"type":"enqueue","queue":"b"}'))).toEqual({ type: 'enqueue', queue: 'b' });
    expect(reader.read(raw('{"type":"enqueue","queue":"b" }'))).toEqual({ type: 'enqueue', queue: 'b' });
    expect(reader.read(raw('{"type":"other"}'))).toBeUndefined();
    expect(reader.read(raw('{"type":"void"}'))).toEqual({ type: 'void' });
    const queue = 'q'.repeat(1_000);
    expect(reader.read(raw(JSON.stringify({ type: 'enqueue', queue })))).toEqual({ type: 'enqueue', queue });
    expect(reader.read(raw('{"type":"void"}'))).toEqual({ type: 'void' });
  });
});
