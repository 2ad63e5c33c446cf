import { parseRaw, rawFromText, rawFromValue, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { enqueueCall, enqueuedJob, enqueueOutcome } from './enqueue.js';

const frame = (more: object = {}) => ({
  type: 'invokefunction' as const,
  function_id: 'email::send',
  data: rawFromText('{"id":9007199254740993,"_caller_worker_id":"forged"}'),
  ...more,
});

describe('the call an enqueue becomes', () => {
  it('hands on the data as it is spelled, and the metadata beside it', () => {
    const metadata = rawFromText('{"tenant":1.0}');
    const call = enqueueCall(
      enqueuedJob(frame({ metadata }), { type: 'enqueue', queue: 'q' }, 'default'),
      'r',
    );
    expect(textOfRaw(call.data)).toContain('"data":{"id":9007199254740993}');
    expect(call.metadata).toBe(metadata);
    const plain = enqueueCall(enqueuedJob(frame(), { type: 'enqueue', queue: 'q' }, 'default'), 'r');
    expect(plain).not.toHaveProperty('metadata');
  });

  it('puts what the action asks for before what the metadata does', () => {
    const metadata = rawFromValue({ tenant: 7, 'iii.queue': { priority: 1, ttl_ms: 5 } });
    const action = { type: 'enqueue', queue: 'q', options: { priority: 9 } } as const;
    const job = enqueuedJob(frame({ metadata }), action, 'default');
    expect(job.metadata && parseRaw(job.metadata)).toEqual({
      tenant: 7,
      'iii.queue': { priority: 9, ttl_ms: 5 },
    });
    const alone = enqueuedJob(frame(), action, 'default');
    expect(alone.metadata && parseRaw(alone.metadata)).toEqual({ 'iii.queue': { priority: 9 } });
  });

  it('is refused for functions of the engine', () => {
    const action = { type: 'enqueue', queue: 'q' } as const;
    expect(() => enqueuedJob(frame({ function_id: 'engine::x' }), action, 'default')).toThrow(
      'cannot be queued',
    );
  });
});

describe('the receipt', () => {
  const receiptFor = (result: unknown) => {
    const outcome = enqueueOutcome(result === undefined ? {} : { result: rawFromValue(result) }, 'own');
    return outcome.result && parseRaw(outcome.result);
  };

  it.each([undefined, null, 'x', {}, { messageReceiptId: 'other' }, { deduplicated: true }])(
    'is that of the engine when the provider answers %j',
    (result) => {
      expect(receiptFor(result)).toEqual({ messageReceiptId: 'own' });
    },
  );

  it('is that of an earlier job when the provider says that it has it already', () => {
    const earlier = { messageReceiptId: 'first', deduplicated: true };
    expect(receiptFor(earlier)).toEqual(earlier);
  });
});
