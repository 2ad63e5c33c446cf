import { describe, expect, it } from 'vitest';
import { ActionReader } from './action.js';
import { CodecError } from './codec-error.js';
import { FrameDecoder } from './decoder.js';
import { rawFromText } from './raw-json.js';
import { bytes, plain } from './test-support.js';
import { UsualFrame } from './usual-frame.js';

const ID = '6f1d2c3b-4a59-4e68-9b7c-0d1e2f3a4b5c';
const CALL = `{"type":"invokefunction","invocation_id":"${ID}","function_id":"orders::take","data":{"a":[1]}`;
const OUTCOME = `{"type":"invocationresult","invocation_id":"${ID}","function_id":"orders::take","result":[{}]`;
const ENQUEUE = ',"action":{"type":"enqueue","queue":"mails"}';

const USUAL = [
  `${CALL}}`,
  `${CALL},"deadline_ms":0}`,
  `${CALL},"deadline_ms":1790000000000}`,
  `${CALL}${ENQUEUE}}`,
  `${CALL}${ENQUEUE},"deadline_ms":1790000000000}`,
  `${CALL},"action":{"type":"void"}}`,
  `${CALL.replace(ID, ID.toUpperCase())}}`,
  `${CALL.replace('orders::take', '')}}`,
  `${CALL.replace('{"a":[1]}', '  "text"')}}`,
  `${CALL.replace('"a"', '"_caller_worker_id"')}}`,
  `${OUTCOME}}`,
  `${OUTCOME.replace('[{}]', 'false')}}`,
];

const OTHERS = [
  // What a frame may have beyond that, or have in another way.
  `${CALL},"deadline_ms":1.5}`,
  `${CALL},"deadline_ms":1e3}`,
  `${CALL},"deadline_ms":12345678901234567890}`,
  `${CALL},"deadline_ms":null}`,
  `${CALL},"deadline_ms":1790000000000${ENQUEUE}}`,
  `${CALL},"deadline_ms":1790000000000 }`,
  `${CALL},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`,
  `${CALL},"action":{"type":"enqueue","queue":"mails","delay_ms":5}}`,
  `${CALL},"action":null}`,
  `${CALL},"unknown":1}`,
  `${CALL}} `,
  `${CALL.replace('{"a":[1]}', 'null')}}`,
  `${CALL.replace('orders', 'örders')}}`,
  `${CALL.replace('orders', 'ord\\u0065rs')}}`,
  `${CALL.replace(ID, ID.replaceAll('-', ''))}}`,
  `${OUTCOME.replace('[{}]', 'null')}}`,
  `${OUTCOME},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`,
  `${OUTCOME},"error":{"code":"C","message":"m"}}`,
  // What is refused.
  `${CALL},"deadline_ms":-1}`,
  `${CALL},"deadline_ms":007}`,
  `${CALL},"deadline_ms":"1"}`,
  `${CALL},"deadline_ms":}`,
  `${CALL},"deadline_ms":1790000000000}}`,
  `${CALL},"deadline_ms":1,"deadline_ms":2}`,
  `${CALL}${ENQUEUE}${ENQUEUE}}`,
  `${CALL},"action":{"type":"later"}}`,
  `${CALL},"data":1}`,
  `${CALL},"invocation_id":"${ID}"}`,
  `${CALL},"type":"invocationresult"}`,
  `${CALL}},`,
  `${CALL}${ENQUEUE}`,
  `${CALL.replace(ID, `${ID.slice(0, -1)}g`)}}`,
  `${CALL.replace(ID, `${ID.slice(0, -1)}ö`)}}`,
  `${CALL.replace('orders', '\n')}}`,
  `${OUTCOME}${ENQUEUE}}`,
  `${OUTCOME}}{}`,
];

const decodeAtOnce = (decoder: FrameDecoder, frame: Uint8Array) => decoder.decode(frame);

const decodeInSteps = (most: number) => (decoder: FrameDecoder, frame: Uint8Array) => {
  decoder.begin(frame);
  while (!decoder.scan(most)) {}
  return decoder.finish();
};

/** What comes of a frame. @param decoder one that has read others before, which must not matter. */
function outcomeOf(text: string, decoder = new FrameDecoder(), read = decodeAtOnce): unknown {
  try {
    const frame = plain(read(decoder, bytes(text)));
    return { frame, isPlainResult: decoder.isPlainResult, hasUnderscore: decoder.hasUnderscore };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { problem: error.problem, salvage: error.salvage };
  }
}

/** The same frame, spelled in a way that has to be looked at in full. */
const unusual = (text: string) => text.replace('{', '{ ');

describe('a frame that is spelled as usual', () => {
  it.each(USUAL)('is known as such: %s', (text) => {
    const usual = new UsualFrame();
    const actions = new ActionReader();
    expect(usual.passHead(bytes(text))).toBe(true);
    const [ending = '', action] = /(?:,"action":(\{[^}]*\}))?(?:,"deadline_ms":\d+)?\}$/.exec(text) ?? [];
    if (action !== undefined) actions.read(rawFromText(action));
    expect(usual.passTail(bytes(text), text.length - ending.length, actions)).toBe(true);
  });

  it.each([...USUAL, ...OTHERS])('comes to the same as in any other spelling: %s', (text) => {
    expect(outcomeOf(text)).toEqual(outcomeOf(unusual(text)));
  });

  it('comes to the same wherever it is cut off', () => {
    for (const text of USUAL)
      for (let end = 1; end < text.length; end++)
        expect(outcomeOf(text.slice(0, end)), text.slice(0, end)).toEqual(
          outcomeOf(unusual(text.slice(0, end))),
        );
  });

  it('comes to the same whatever was read before', () => {
    const decoder = new FrameDecoder();
    const all = [...USUAL, ...OTHERS];
    for (const before of all)
      for (const text of all) {
        outcomeOf(before, decoder);
        expect(outcomeOf(text, decoder), `${text} after ${before}`).toEqual(outcomeOf(unusual(text)));
      }
  });

  it('comes to the same when it is read in steps', () => {
    for (const text of [...USUAL, ...OTHERS])
      for (let most = 1; most < 200; most += 7) {
        const outcome = outcomeOf(text, new FrameDecoder(), decodeInSteps(most));
        expect(outcome, `${text} by ${most}`).toEqual(outcomeOf(unusual(text)));
      }
  });
});
