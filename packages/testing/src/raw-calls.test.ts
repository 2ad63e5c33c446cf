import { RAW_NULL, rawFromText, textOfRaw } from 'iii-protocol';
import { rawCalls } from 'iii-sdk/link';
import { expect, it } from 'vitest';
import { TestEngine } from './test-engine.js';
import { describeBothWays, heard } from './test-support.js';

describeBothWays('raw calls between workers', (stage) => {
  it('reach ordinary handlers, and are reached by ordinary callers', async () => {
    const worker = await stage.workers.connect('worker');
    worker.registerFunction('plain', ({ n }: { n: number }) => ({ plain: n }));
    rawCalls(worker).registerFunction('raw', (data, metadata) =>
      rawFromText(`[${textOfRaw(data)},${JSON.stringify(metadata)}]`),
    );
    await heard(worker);
    const caller = await stage.workers.connect('caller');
    const result = await rawCalls(caller).trigger({ function_id: 'plain', payload: rawFromText('{"n":1}') });
    expect(result && textOfRaw(result)).toBe('{"plain":1}');
    expect(await caller.trigger({ function_id: 'raw', payload: { a: 1 }, metadata: { by: 'me' } })).toEqual([
      expect.objectContaining({ a: 1 }),
      { by: 'me' },
    ]);
  });

  it('give a result of nothing, and the error of a handler that fails', async () => {
    const worker = await stage.workers.connect('worker');
    rawCalls(worker).registerFunction('raw::nothing', () => undefined);
    rawCalls(worker).registerFunction('raw::fails', () => Promise.reject(new Error('not today')));
    await heard(worker);
    const calls = rawCalls(await stage.workers.connect('caller'));
    expect(await calls.trigger({ function_id: 'raw::nothing', payload: RAW_NULL })).toBeUndefined();
    await expect(calls.trigger({ function_id: 'raw::fails', payload: RAW_NULL })).rejects.toThrow(
      'not today',
    );
  });
});

it('a payload inside one process keeps every digit, and null is not nothing', async () => {
  await using engine = new TestEngine();
  const worker = rawCalls(await engine.client('worker'));
  worker.registerFunction('echo', (data) => data);
  const caller = rawCalls(await engine.client('caller'));
  for (const text of ['{"n":9007199254740993,"one":1.0}', 'null']) {
    const result = await caller.trigger({ function_id: 'echo', payload: rawFromText(text) });
    expect(result && textOfRaw(result)).toBe(text);
  }
});

it('a client of another kind has none', () => {
  expect(() => rawCalls({} as never)).toThrow(TypeError);
});
