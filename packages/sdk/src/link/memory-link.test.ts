import {
  type EngineFrame,
  type FramePort,
  type FramePortEvents,
  rawFromText,
  rawFromValue,
  textOfRaw,
  type WorkerFrame,
} from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { InvocationError } from '../errors.js';
import { MemoryLink } from './memory-link.js';
import { RawValue } from './raw-value.js';

class FakePort implements FramePort {
  readonly sent: WorkerFrame[] = [];
  isClosed = false;
  events: FramePortEvents | undefined;
  attached: ReturnType<FramePort['attachChannel']> = 'not_found';
  offered: ReturnType<FramePort['offerChannel']> = { code: 'too_many_channels', message: 'full' };
  claimed: (() => void) | undefined;

  attachChannel(): ReturnType<FramePort['attachChannel']> {
    return this.attached;
  }
  offerChannel(claimed: () => void): ReturnType<FramePort['offerChannel']> {
    this.claimed = claimed;
    return this.offered;
  }
  send(frame: WorkerFrame): void {
    this.sent.push(frame);
  }
  receive(events: FramePortEvents): void {
    this.events = events;
  }
  close(): void {
    this.isClosed = true;
  }
}

function setup() {
  const port = new FakePort();
  const link = new MemoryLink(port, 'ws://127.0.0.1:49134');
  const told: string[] = [];
  const messages: unknown[] = [];
  link.open({
    up: () => void told.push('up'),
    message: (message) => void messages.push(message),
    down: (reason) => void told.push(`down: ${reason}`),
    state: (state) => void told.push(state),
    retrying: () => {},
    problem: () => {},
  });
  return { port, link, told, messages, receive: (frame: EngineFrame) => port.events?.frame(frame) };
}

/** A frame with its raw members as text. */
function plain(frame: object | undefined): unknown {
  return Object.fromEntries(
    Object.entries(frame ?? {}).map(([k, v]) => [k, v instanceof Uint8Array ? textOfRaw(v as never) : v]),
  );
}

describe('a memory link', () => {
  it('stands at once', () => {
    expect(setup().told).toEqual(['connecting', 'connected', 'up']);
  });

  it('turns free-form members into JSON text on the way out, and drops what no frame has', () => {
    const { port, link } = setup();
    const send = (message: object) => link.send(link.prepare(message as never));
    send({
      type: 'invokefunction',
      function_id: 'f',
      data: { a: undefined, b: 1 },
      metadata: null,
      extra: 1,
    });
    send({ type: 'registertrigger', id: 'T', trigger_type: 't', function_id: 'f', config: undefined });
    send({
      type: 'invocationresult',
      invocation_id: 'i',
      function_id: 'f',
      result: undefined,
      error: undefined,
    });
    expect(port.sent.map(plain)).toEqual([
      { type: 'invokefunction', function_id: 'f', data: '{"b":1}' },
      { type: 'registertrigger', id: 'T', trigger_type: 't', function_id: 'f', config: 'null' },
      { type: 'invocationresult', invocation_id: 'i', function_id: 'f' },
    ]);
  });

  it('takes a snapshot: what the sender changes later does not travel', () => {
    const { port, link } = setup();
    const data = { n: 1 };
    const outgoing = link.prepare({ type: 'invokefunction', function_id: 'f', data });
    data.n = 2;
    link.send(outgoing);
    expect(plain(port.sent[0])).toMatchObject({ data: '{"n":1}' });
  });

  it('refuses what has no JSON form, as a socket would', () => {
    const { link } = setup();
    expect(() => link.prepare({ type: 'invokefunction', function_id: 'f', data: 1n })).toThrow(TypeError);
  });

  it('delivers free-form members as values that are parsed when they are looked into', () => {
    const { receive, messages } = setup();
    receive({
      type: 'invokefunction',
      invocation_id: 'i',
      function_id: 'f',
      data: rawFromText('{"x": [1]}'),
    });
    receive({ type: 'invocationresult', invocation_id: 'i', function_id: 'f', result: rawFromValue('r') });
    receive({
      type: 'invocationresult',
      invocation_id: 'i',
      function_id: 'f',
      error: { code: 'c', message: 'm' },
    });
    expect(messages[0]).toMatchObject({ data: expect.any(RawValue) });
    expect(JSON.parse(JSON.stringify(messages))).toEqual([
      { type: 'invokefunction', invocation_id: 'i', function_id: 'f', data: { x: [1] } },
      { type: 'invocationresult', invocation_id: 'i', function_id: 'f', result: 'r' },
      { type: 'invocationresult', invocation_id: 'i', function_id: 'f', error: { code: 'c', message: 'm' } },
    ]);
  });

  it('passes on text that stands for a value', () => {
    const { port, link } = setup();
    const data = new RawValue(rawFromText('{"n":1.0}'));
    link.send(link.prepare({ type: 'invokefunction', function_id: 'f', data }));
    expect(plain(port.sent[0])).toMatchObject({ data: '{"n":1.0}' });
  });

  it('offers channels, or says why it cannot', () => {
    const { port, link } = setup();
    expect(() => link.offerChannel(() => {})).toThrow(
      new InvocationError({ code: 'too_many_channels', message: 'full' }),
    );
    const ref = { channel_id: 'c', access_key: 'k' };
    port.offered = {
      refs: { writer: { ...ref, direction: 'write' }, reader: { ...ref, direction: 'read' } },
      withdraw: () => {},
    };
    const claims: string[] = [];
    expect(link.offerChannel(() => claims.push('claimed'))).toBe(port.offered);
    port.claimed?.();
    expect(claims).toEqual(['claimed']);
  });

  it('ends with the engine, for good', () => {
    const { port, link, told } = setup();
    port.events?.closed('the engine is shutting down');
    expect(told.slice(3)).toEqual(['failed', 'down: the engine is shutting down']);
    expect(link.send(link.prepare({ type: 'ping' }))).toBe(false);
  });

  it.each(['close', 'abandon'] as const)(
    'can be ended with %s, after which nothing is heard',
    async (end) => {
      const { port, link, told, messages, receive } = setup();
      await link[end]();
      await link[end]();
      receive({ type: 'pong' });
      port.events?.closed('late');
      expect([port.isClosed, messages]).toEqual([true, []]);
      expect(told.slice(3)).toEqual([end === 'close' ? 'disconnected' : 'failed']);
    },
  );

  it.each([
    ['not_found', 'channel_not_found'],
    ['taken', 'channel_taken'],
  ] as const)('says why an end of a channel that is %s cannot be attached', async (answer, code) => {
    const { port, link } = setup();
    port.attached = answer;
    const closed = new Promise((resolve) => {
      link.connectChannel({ channel_id: 'c', access_key: 'k', direction: 'read' }, 'read', {
        opened: () => {},
        message: () => {},
        closed: (...what) => resolve(what),
      });
    });
    expect(await closed).toEqual([1006, '', expect.objectContaining({ code })]);
  });
});
