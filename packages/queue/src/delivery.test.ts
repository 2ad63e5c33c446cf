import { describe, expect, it } from 'vitest';
import { Calls, Gate, QueueBench } from './test-support.js';

const q = (settings: object) => ({ queue_configs: { q: settings } });

describe('delivery', () => {
  it('runs concurrency jobs at a time, oldest first', async () => {
    await using bench = await QueueBench.start(q({ concurrency: 3 }));
    const gates = Array.from({ length: 5 }, () => new Gate());
    const calls = new Calls<number>();
    bench.client.registerFunction('work', async (n: number) => {
      calls.note(n);
      await gates[n]?.passed();
    });
    for (let n = 0; n < 5; n++) await bench.enqueue('q', 'work', n);
    expect(await calls.reach(3)).toEqual([0, 1, 2]);
    expect(await bench.stats('q')).toMatchObject({ depth: 5, in_flight: 3, waiting: 2 });
    gates[1]?.open();
    expect(await calls.reach(4)).toEqual([0, 1, 2, 3]);
    for (const gate of gates) gate.open();
    await expect.poll(() => bench.stats('q')).toMatchObject({ depth: 0, delivered: 5 });
  });

  it('tells the handler which job and which attempt it is, beside the metadata of the caller', async () => {
    await using bench = await QueueBench.start();
    const calls = new Calls();
    bench.client.registerFunction('work', async (_, metadata) => calls.note(metadata));
    const { messageReceiptId } = await bench.client.trigger({
      function_id: 'work',
      payload: {},
      metadata: { tenant: 7, 'iii.queue': { priority: 3 } },
      action: { type: 'enqueue', queue: 'default' },
    });
    const [metadata] = await calls.reach(1);
    expect(metadata).toEqual({
      tenant: 7,
      'iii.queue': {
        queue: 'default',
        message_id: messageReceiptId,
        attempt: 1,
        enqueued_at_ms: expect.any(Number),
      },
    });
  });

  it('waits for a missing function without a place and without an attempt, and starts when it appears', async () => {
    await using bench = await QueueBench.start(q({ concurrency: 1 }));
    const calls = new Calls<string>();
    bench.client.registerFunction('there', async () => calls.note('there'));
    for (let n = 0; n < 50; n++) await bench.enqueue('q', 'absent', n);
    await bench.enqueue('q', 'there', {});
    expect(await calls.reach(1)).toEqual(['there']);
    const seen: unknown[] = [];
    const all = new Calls();
    bench.client.registerFunction('absent', async (n, metadata) => {
      seen.push((metadata as { 'iii.queue': { attempt: number } })['iii.queue'].attempt);
      all.note(n);
    });
    expect(await all.reach(50)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(await bench.dead('q')).toEqual([]);
  });

  it('gives a job up whose function does not appear in time, when it is told to', async () => {
    await using bench = await QueueBench.start(q({ missing_function_ttl_ms: 5_000 }), { clock: 'manual' });
    await bench.enqueue('q', 'absent', { n: 1 });
    await expect.poll(() => bench.call('iii::queue::list', { queue: 'q', state: 'held' })).toHaveLength(1);
    await bench.engine.clock.advanceAsync(5_000);
    await expect.poll(async () => (await bench.dead('q'))[0]?.error).toMatch(/^function_not_found: /);
  });

  it('does not charge an attempt that ends with its worker, until it happens too often', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 0, max_disconnect_redeliveries: 2 }));
    const calls = new Calls<number>();
    const gate = new Gate();
    for (let round = 1; round <= 3; round++) {
      const worker = await bench.engine.client(`worker-${round}`);
      worker.registerFunction('work', (_, metadata) => {
        calls.note((metadata as { 'iii.queue': { attempt: number } })['iii.queue'].attempt);
        return gate.passed();
      });
      if (round === 1) await bench.enqueue('q', 'work', {});
      await calls.reach(round);
      await worker.shutdown();
    }
    expect(calls.all).toEqual([1, 1, 1]);
    await expect.poll(() => bench.dead('q')).toHaveLength(1);
    expect((await bench.dead('q'))[0]).toMatchObject({
      error: expect.stringMatching(/^invocation_stopped: /),
      errors: [{ code: 'invocation_stopped', attempt: 1 }],
    });
    gate.open();
  });

  it('starts what a lost worker had before everything behind it', async () => {
    await using bench = await QueueBench.start(q({ concurrency: 4 }));
    const workers = [await bench.engine.client('one'), await bench.engine.client('two')];
    const had = [new Calls<number>(), new Calls<number>()];
    const gate = new Gate();
    for (const [at, worker] of workers.entries()) {
      worker.registerFunction('work', (n: number) => {
        had[at]?.note(n);
        return gate.passed();
      });
    }
    for (let n = 0; n < 9; n++) await bench.enqueue('q', 'work', n);
    await Promise.all(had.map((calls) => calls.reach(2)));
    const lost = had[0]?.all.slice() ?? [];
    const kept = had[1]?.all.slice() ?? [];
    expect([...lost, ...kept].toSorted()).toEqual([0, 1, 2, 3]);
    await workers[0]?.shutdown();
    expect(await had[1]?.reach(4)).toEqual([...kept, ...lost]);
    gate.open();
    expect(await had[1]?.reach(9)).toEqual([...kept, ...lost, 4, 5, 6, 7, 8]);
  });

  it('delivers under the trace of who queued, with the baggage of the target', async () => {
    await using bench = await QueueBench.start();
    const calls = new Calls<unknown>();
    bench.client.registerFunction('outer', async () => bench.enqueue('default', 'inner', {}));
    const { currentTrace, withTrace } = await import('iii-sdk/link');
    bench.client.registerFunction('inner', async () => calls.note(currentTrace()));
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const baggage = 'iii.session.id=s1,iii.tag.kind=x,iii.function.id=outer';
    await withTrace({ traceparent, baggage }, () => bench.enqueue('default', 'inner', {}));
    const [seen] = await calls.reach(1);
    expect(seen).toMatchObject({ traceparent: expect.stringContaining('0af7651916cd43dd8448eb211c80319c') });
    const { baggage: got } = seen as { baggage: string };
    expect(got.split(',').sort()).toEqual(['iii.function.id=inner', 'iii.session.id=s1']);
  });

  it('starts jobs of one connection in the order they were handed in, without waiting for receipts', async () => {
    await using bench = await QueueBench.start(q({ concurrency: 1 }));
    const calls = new Calls<number>();
    bench.client.registerFunction('work', async (n: number) => calls.note(n));
    const order = Array.from({ length: 200 }, (_, n) => n);
    await Promise.all(order.map((n) => bench.enqueue('q', 'work', n)));
    expect(await calls.reach(200)).toEqual(order);
  });

  it('keeps numbers beyond what JavaScript holds, and the spelling of others', async () => {
    await using bench = await QueueBench.start();
    const { rawCalls } = await import('iii-sdk/link');
    const { rawFromText, textOfRaw } = await import('iii-protocol');
    const calls = new Calls<string>();
    rawCalls(bench.client).registerFunction('raw', (data) => {
      calls.note(textOfRaw(data));
      return undefined;
    });
    const text = '{"id":9007199254740993,"one":1.0,"é":null}';
    const action = { type: 'enqueue', queue: 'default' } as const;
    await rawCalls(bench.client).trigger({ function_id: 'raw', payload: rawFromText(text), action });
    await rawCalls(bench.client).trigger({
      function_id: 'iii::queue::enqueue',
      payload: rawFromText(`{"queue":"default","function_id":"raw","data":${text}}`),
    });
    expect(await calls.reach(2)).toEqual([text, text]);
  });
});
