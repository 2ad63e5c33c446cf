import { describe, expect, it } from 'vitest';
import { CodecError } from './codec-error.js';
import { FrameDecoder } from './decoder.js';
import type { Frame } from './frames.js';
import { bytes, plain, text } from './test-support.js';

const ID = '6f1d2c3b-4a59-4e68-9b7c-0d1e2f3a4b5c';

function decode(input: string, options?: { checkUtf8?: boolean }): Frame {
  return new FrameDecoder().decode(bytes(input), options);
}

function plainly(input: string): Record<string, unknown> {
  return plain(decode(input));
}

function problem(input: string): CodecError {
  try {
    decode(input);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error(`decoded: ${input}`);
}

describe('frames seen on the wire', () => {
  it.each([
    [
      '{"type":"registertriggertype","id":"tt","description":"td"}',
      { type: 'registertriggertype', id: 'tt', description: 'td' },
    ],
    [
      '{"type":"registerfunction","description":"d","metadata":{"x":1},"id":"a::b"}',
      { type: 'registerfunction', id: 'a::b', description: 'd', metadata: 'raw {"x":1}' },
    ],
    [
      `{"type":"registertrigger","function_id":"a::b","config":{"k":1},"id":"${ID}","message_type":"registertrigger","trigger_type":"tt"}`,
      { type: 'registertrigger', id: ID, trigger_type: 'tt', function_id: 'a::b', config: 'raw {"k":1}' },
    ],
    [
      `{"type":"unregistertrigger","id":"${ID}","message_type":"unregistertrigger","trigger_type":"tt"}`,
      { type: 'unregistertrigger', id: ID, trigger_type: 'tt' },
    ],
    [
      '{"type":"unregistertriggertype","id":"tt","description":"td"}',
      { type: 'unregistertriggertype', id: 'tt' },
    ],
    [
      `{"type":"invokefunction","function_id":"x::y","data":{"z":1},"action":{"type":"void"},"metadata":{"m":1}}`,
      {
        type: 'invokefunction',
        function_id: 'x::y',
        data: 'raw {"z":1}',
        action: { type: 'void' },
        metadata: 'raw {"m":1}',
      },
    ],
    [
      `{"type":"invokefunction","invocation_id":"${ID}","function_id":"x::y","data":{"z":1},"action":{"type":"enqueue","queue":"q"}}`,
      {
        type: 'invokefunction',
        invocation_id: ID,
        function_id: 'x::y',
        data: 'raw {"z":1}',
        action: { type: 'enqueue', queue: 'q' },
      },
    ],
    [
      '{"type":"triggerregistrationresult","id":"T","message_type":"triggerregistrationresult","function_id":"f","error":{"code":"trigger_type_not_found","message":"Trigger type not found"},"trigger_type":"tt"}',
      {
        type: 'triggerregistrationresult',
        id: 'T',
        trigger_type: 'tt',
        function_id: 'f',
        error: { code: 'trigger_type_not_found', message: 'Trigger type not found' },
      },
    ],
    [
      `{"type":"reattach","previous_worker_id":"${ID}","reattach_token":"${ID}"}`,
      { type: 'reattach', previous_worker_id: ID, reattach_token: ID },
    ],
  ])('Node: %s', (input, expected) => {
    expect(plainly(input)).toEqual(expected);
  });

  it('Python: type last, spaces, escaped text', () => {
    expect(plainly('{"id": "math::add", "description": "caf\\u00e9", "type": "registerfunction"}')).toEqual({
      type: 'registerfunction',
      id: 'math::add',
      description: 'café',
    });
  });

  it('Rust: a void call carries a null invocation_id', () => {
    expect(
      plainly(
        '{"type":"invokefunction","invocation_id":null,"function_id":"f","data":1,"action":{"type":"void"}}',
      ),
    ).toEqual({ type: 'invokefunction', function_id: 'f', data: 'raw 1', action: { type: 'void' } });
  });

  it('Go: sorted members and explicit nulls for formats', () => {
    expect(
      plainly('{"id":"f","request_format":null,"response_format":null,"type":"registerfunction"}'),
    ).toEqual({ type: 'registerfunction', id: 'f' });
  });
});

describe('free-form members', () => {
  it('stay byte for byte', () => {
    const data = '{ "n": 9007199254740993, "x": 1.0, "b":1e2,\n "a" : "\\u0041\\/" , "é":"😀"}';
    const frame = decode(`{"type":"invokefunction","function_id":"f","data":${data}}`);
    expect(frame.type === 'invokefunction' && text(frame.data)).toBe(data);
  });

  it('lose the white space around them and nothing else', () => {
    expect(plainly('{"type":"invokefunction","function_id":"f","data" :  [1, 2]  }').data).toBe('raw [1, 2]');
  });

  it('count as null when a required one is missing or null', () => {
    expect(plainly('{"type":"invokefunction","function_id":"f"}').data).toBe('raw null');
    expect(plainly('{"type":"invokefunction","function_id":"f","data":null}').data).toBe('raw null');
    expect(plainly('{"type":"registertrigger","id":"i","trigger_type":"t","function_id":"f"}').config).toBe(
      'raw null',
    );
  });

  it('count as absent when an optional one is null', () => {
    const frame = plainly(
      `{"type":"invocationresult","invocation_id":"${ID}","function_id":"f","result":null}`,
    );
    expect(frame).toEqual({ type: 'invocationresult', invocation_id: ID, function_id: 'f' });
  });

  it('may hold duplicate members of their own', () => {
    expect(plainly('{"type":"invokefunction","function_id":"f","data":{"a":1,"a":2}}').data).toBe(
      'raw {"a":1,"a":2}',
    );
  });
});

describe('the envelope', () => {
  it('knows a member by its name however it is spelled', () => {
    expect(plainly('{"\\u0074ype":"unregisterfunction","\\u0069d":"f"}')).toEqual({
      type: 'unregisterfunction',
      id: 'f',
    });
  });

  it('ignores members it does not know, even repeated ones and ones of other frames', () => {
    expect(plainly('{"type":"ping","x":1,"x":2,"data":1,"data":2}')).toEqual({ type: 'ping' });
  });

  it.each([ID, ID.toUpperCase(), ID.replaceAll('-', ''), `{${ID}}`, `urn:uuid:${ID}`])(
    'takes the UUID form %s and keeps it as it is',
    (id) => {
      expect(
        plainly(`{"type":"invokefunction","invocation_id":"${id}","function_id":"f"}`).invocation_id,
      ).toBe(id);
    },
  );

  it('takes a trigger type without description', () => {
    expect(plainly('{"type":"registertriggertype","id":"t"}').description).toBe('');
  });

  it('reads strings with every escape', () => {
    expect(
      plainly('{"type":"unregisterfunction","id":"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é"}').id,
    ).toBe('a"\\/\b\f\n\r\té😀é');
  });
});

describe('refused frames', () => {
  it.each([
    ['', 'malformed'],
    ['{', 'malformed'],
    ['{"type":"ping"} x', 'malformed'],
    ['{"type":"invokefunction","function_id":"f","data":NaN}', 'malformed'],
    ['{"type":"invokefunction","function_id":"f","data":"\\ud800"}', 'malformed'],
    ['[]', 'not_an_object'],
    ['"ping"', 'not_an_object'],
    ['{}', 'no_type'],
    ['{"type":1}', 'no_type'],
    ['{"type":null}', 'no_type'],
    ['{"type":"Ping"}', 'unknown_type'],
    ['{"type":"toString"}', 'unknown_type'],
    ['{"type":"__proto__"}', 'unknown_type'],
    ['{"type":"ping","type":"ping"}', 'invalid_member'],
    ['{"type":"unregisterfunction"}', 'invalid_member'],
    ['{"type":"unregisterfunction","id":null}', 'invalid_member'],
    ['{"type":"unregisterfunction","id":7}', 'invalid_member'],
    ['{"type":"unregisterfunction","id":"a","id":"b"}', 'invalid_member'],
    ['{"type":"unregisterfunction","id":"a","\\u0069d":"b"}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","invocation_id":"no"}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","invocation_id":5}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","action":"void"}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","action":{"type":"later"}}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","action":{"type":"enqueue"}}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","namespace":{}}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","deadline_ms":-1}', 'invalid_member'],
    ['{"type":"invokefunction","function_id":"f","deadline_ms":"5"}', 'invalid_member'],
    ['{"type":"useextensions","extensions":["cancel",5]}', 'invalid_member'],
    ['{"type":"useextensions"}', 'invalid_member'],
    ['{"type":"cancelinvocation","invocation_id":"x"}', 'invalid_member'],
  ])('%s is %s', (input, expected) => {
    expect(problem(input).problem).toBe(expected);
  });

  it('say which member is wrong and what it must be', () => {
    expect(problem('{"type":"unregisterfunction","id":7}').message).toBe(
      '"id" in a unregisterfunction frame must be a string',
    );
  });

  it('give back what their sender needs to be answered', () => {
    const input = `{"type":"invokefunction","invocation_id":"${ID}","function_id":"f","action":{"type":"later"}}`;
    expect(problem(input).salvage).toEqual({ type: 'invokefunction', invocation_id: ID, function_id: 'f' });
    const trigger = '{"type":"registertrigger","id":"T","trigger_type":"t","function_id":1}';
    expect(problem(trigger).salvage).toEqual({ type: 'registertrigger', id: 'T', trigger_type: 't' });
  });

  it('give nothing back that was given twice or is no UUID', () => {
    const twice = `{"type":"invokefunction","invocation_id":"${ID}","invocation_id":"${ID}","function_id":"f"}`;
    expect(problem(twice).salvage).toEqual({ type: 'invokefunction', function_id: 'f' });
    expect(problem('{"type":"invokefunction","invocation_id":"x","function_id":1}').salvage).toEqual({
      type: 'invokefunction',
    });
  });

  it('give back the invocation id even where the text is not JSON, if there is only one', () => {
    const input = `{"function_id": "f", "data": {"x": NaN}, "invocation_id": "${ID}", "type": "invokefunction"}`;
    expect(problem(input).salvage).toEqual({ type: 'invokefunction', invocation_id: ID });
    const nested = `{"data": {"x": NaN, "invocation_id": "${ID}"}, "invocation_id": "${ID}", "type": "invokefunction"}`;
    expect(problem(nested).salvage).toEqual({});
  });

  it('include text that is not UTF-8, when asked to look', () => {
    const broken = new Uint8Array([...bytes('{"type":"ping","x":"'), 0xff, ...bytes('"}')]);
    expect(() => new FrameDecoder().decode(broken, { checkUtf8: true })).toThrow(CodecError);
  });

  it('leave no trace in the decoder', () => {
    const decoder = new FrameDecoder();
    expect(() => decoder.decode(bytes('{"type":"unregisterfunction","id":"a","id":"b"}'))).toThrow(
      CodecError,
    );
    expect(decoder.decode(bytes('{"type":"unregisterfunction","id":"c"}'))).toEqual({
      type: 'unregisterfunction',
      id: 'c',
    });
    expect(() => decoder.decode(bytes('{"type":"unregisterfunction"}'))).toThrow(CodecError);
  });
});

describe('malformed error bodies', () => {
  const result = (error: string) =>
    plainly(`{"type":"invocationresult","invocation_id":"${ID}","function_id":"f","error":${error}}`).error;

  it.each([
    ['"boom"', { code: 'invocation_failed', message: 'boom' }],
    ['{"message":"m"}', { code: 'invocation_failed', message: '{"message":"m"}' }],
    ['{"code":5,"message":"m"}', { code: 'invocation_failed', message: '{"code":5,"message":"m"}' }],
    ['false', { code: 'invocation_failed', message: 'false' }],
    ['{"code":"c","message":"m","stacktrace":null}', { code: 'c', message: 'm' }],
    ['{"code":"c","message":"m","stacktrace":5}', { code: 'c', message: 'm' }],
    ['{"code":"c","message":"m","stacktrace":"s","more":1}', { code: 'c', message: 'm', stacktrace: 's' }],
  ])('%s still fails the call', (error, expected) => {
    expect(result(error)).toEqual(expected);
  });

  it('fail a trigger registration under its own code', () => {
    const frame = plainly(
      '{"type":"triggerregistrationresult","id":"T","trigger_type":"t","function_id":"f","error":"no"}',
    );
    expect(frame.error).toEqual({ code: 'trigger_registration_failed', message: 'no' });
  });
});

it('raw members are views into the input, not copies', () => {
  const input = bytes('{"type":"invokefunction","function_id":"f","data":[1]}');
  const frame = new FrameDecoder().decode(input);
  expect(frame.type === 'invokefunction' && frame.data.buffer === input.buffer).toBe(true);
});

describe('a frame that is decoded in steps', () => {
  const id = '11111111-2222-4333-8444-555555555555';
  const texts = [
    `{"type":"invokefunction","invocation_id":"${id}","function_id":"a::b","data":{"x":["${'y'.repeat(50)}",1.0]}}`,
    `{"data":[[]],"function_id":"a::b","invocation_id":"${id}","deadline_ms":30000,"type":"invokefunction"}`,
    `{"type":"invocationresult","invocation_id":"${id}","function_id":"a::b","result":1}`,
    '{}',
    '{"type":"ping"}',
    '{"type":"nonsense","id":"x"}',
    '[1,2]',
    '{"type":"ping"',
  ];

  it.each(texts)('%s is the same frame, or the same refusal', (text) => {
    const outcome = (read: () => unknown) => {
      try {
        return read();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const decoder = new FrameDecoder();
    const whole = outcome(() => decoder.decode(bytes(text)));
    for (const most of [1, 3, 10, 1_000]) {
      const inSteps = outcome(() => {
        decoder.begin(bytes(text));
        while (!decoder.scan(most));
        return decoder.finish();
      });
      expect(inSteps).toEqual(whole);
    }
  });

  it('knows a result that can be passed on as it is', () => {
    const decoder = new FrameDecoder();
    const isPlain = (text: string) => {
      decoder.decode(bytes(text));
      return decoder.isPlainResult;
    };
    const head = `{"type":"invocationresult","invocation_id":"${id}","function_id":"a::b"`;
    expect(isPlain(`${head},"result":{}}`)).toBe(true);
    expect(isPlain(`${head},"result":null}`)).toBe(false);
    expect(isPlain(`${head},"error":{"code":"c","message":"m"}}`)).toBe(false);
    expect(isPlain(`${head},"result":1,"traceparent":"t"}`)).toBe(false);
    expect(isPlain(`${head},"result":1,"unknown":1}`)).toBe(false);
    expect(isPlain(texts[0] ?? '')).toBe(false);
  });
});
