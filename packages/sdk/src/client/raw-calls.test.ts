import { RAW_NULL, type RawJson, rawFromText, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { RawValue } from '../link/raw-value.js';
import { connectedClient, countedSignal, outcome, type TestClient } from '../test-support.js';
import { channelOffers } from './channel-offers.js';
import { rawCalls } from './raw-calls.js';
import { withTrace } from './trace.js';

const BIG = '{"n": 12345678901234567890}';

function call({ client, link }: TestClient, payload: RawJson = RAW_NULL) {
  const outcome = rawCalls(client).trigger({ function_id: 'f', payload });
  const [sent] = link.take();
  if (sent === undefined) throw new Error('nothing was sent');
  const answer = (more: object) =>
    link.receive({
      type: 'invocationresult',
      invocation_id: String(sent.invocation_id),
      function_id: 'f',
      ...more,
    } as never);
  return { outcome, sent, answer };
}

describe('a call whose payload and result stay text', () => {
  it('takes the text of a result as it is where the link has it', async () => {
    const { outcome, answer } = call(connectedClient(), rawFromText(BIG));
    answer({ result: new RawValue(rawFromText(BIG)) });
    expect(textOfRaw((await outcome) ?? RAW_NULL)).toBe(BIG);
  });

  it.each([
    [{ a: 1 }, '{"a":1}'],
    [undefined, undefined],
    [null, undefined],
  ])('has the text of a result that is the value %j: %s', async (result, text) => {
    const { outcome, answer } = call(connectedClient());
    answer({ result });
    const raw = await outcome;
    expect(raw && textOfRaw(raw)).toBe(text);
  });

  it('takes all that other calls do, and metadata that is text', () => {
    const { client, link } = connectedClient();
    const signal = new AbortController().signal;
    const request = {
      function_id: 'f',
      payload: rawFromText(BIG),
      action: { type: 'void' },
      timeoutMs: 5,
      signal,
      namespace: 'n',
      metadata: { m: 1 },
    } as const;
    void rawCalls(client).trigger(request);
    void rawCalls(client).trigger({ ...request, rawMetadata: rawFromText('{"m":2}') });
    const common = { function_id: 'f', action: { type: 'void' }, namespace: 'n' };
    expect(link.take()).toEqual([
      expect.objectContaining({ ...common, metadata: { m: 1 } }),
      expect.objectContaining({ ...common, metadata: { m: 2 } }),
    ]);
  });

  it('fails as other calls do', async () => {
    const { outcome, answer } = call(connectedClient());
    answer({ error: { code: 'c', message: 'm' } });
    await expect(outcome).rejects.toMatchObject({ code: 'c', function_id: 'f' });
  });

  it('belongs to the trace it is said to belong to, and no program can say so', async () => {
    const { client, link } = connectedClient();
    const trace = { traceparent: 'tp', baggage: 'b=1' };
    const request = { function_id: 'f', payload: RAW_NULL };
    void rawCalls(client).trigger(request, { trace });
    void withTrace(trace, () => rawCalls(client).trigger(request, { trace: {} }));
    void withTrace(trace, () => rawCalls(client).trigger(request));
    const withMore = { function_id: 'f', trace };
    void client.trigger(withMore);
    const traces = link.take().map(({ traceparent, baggage }) => ({ traceparent, baggage }));
    const none = { traceparent: undefined, baggage: undefined };
    expect(traces).toEqual([trace, none, trace, none]);
  });

  it('ends with a signal of its own, to which nothing listens any more when it has ended', async () => {
    const { client, link } = connectedClient();
    const { signal, abort, listeners } = countedSignal();
    const begin = () => {
      const request = { function_id: 'f', payload: RAW_NULL, signal };
      return rawCalls(client).trigger(request, { ownsSignal: true });
    };
    const [answered, aborted] = [begin(), outcome(begin())];
    expect(listeners()).toBe(2);
    link.receive({
      type: 'invocationresult',
      invocation_id: String(link.take()[0]?.invocation_id),
      function_id: 'f',
    });
    expect(await answered).toBeUndefined();
    expect(listeners()).toBe(1);
    abort('no');
    expect([await aborted, listeners()]).toEqual(['no', 0]);
  });

  it('is no matter to other calls, which have the value', async () => {
    const { client, link } = connectedClient();
    const outcome = client.trigger({ function_id: 'f' });
    const [sent] = link.take();
    link.receive({
      type: 'invocationresult',
      invocation_id: String(sent?.invocation_id),
      function_id: 'f',
      result: new RawValue(rawFromText('[1]')),
    });
    expect(await outcome).toEqual([1]);
  });
});

it('text that stands for a value is that value wherever JSON is made of it', () => {
  expect(JSON.stringify({ data: new RawValue(rawFromText('{"a": 1}')) })).toBe('{"data":{"a":1}}');
});

it('a client on a link that cannot offer channels has no offers', () => {
  expect(channelOffers(connectedClient().client)).toBeUndefined();
});
