import { quoted, textOfRaw } from 'iii-protocol';
import { hasLongList, isPlain, MOST_MEMBERS, saysItself, spellLong, type TextSink } from './long-text.js';
import type { OutgoingMessage } from './message.js';
import { RawValue } from './raw-value.js';

type Call = Extract<OutgoingMessage, { readonly type: 'invokefunction' }>;
type Answer = Extract<OutgoingMessage, { readonly type: 'invocationresult' }>;

/**
 * Length from which a text is cheaper to look at, and to take as it is if nothing in it has to be escaped, than
 * `JSON.stringify` is.
 */
const LONG_TEXT = 128;

/**
 * A message as `JSON.stringify` spells it, at two thirds of its cost where it is a call or an answer.
 *
 * @throws TypeError when it has no JSON form.
 */
export function textOfMessage(message: OutgoingMessage): string {
  if (message.type === 'invokefunction') return textOfCall(message);
  if (message.type === 'invocationresult') return textOfAnswer(message);
  return JSON.stringify(message);
}

/**
 * Spells a call or an answer with a long list in its payload, piece by piece, as {@link textOfMessage} does.
 *
 * @returns false when it is to be spelled as a whole; what was added says nothing then.
 * @throws TypeError when it has no JSON form.
 */
export function spellLongMessage(message: OutgoingMessage, sink: TextSink): boolean {
  if (message.type === 'invokefunction' && hasLongList(message.data)) {
    sink.add(`${headOfCall(message)},"data":`);
    if (!spellLong(message.data, sink)) return false;
    sink.add(tailOfCall(message));
    return true;
  }
  if (message.type === 'invocationresult' && hasLongList(message.result)) {
    sink.add(`${headOfAnswer(message)},"result":`);
    if (!spellLong(message.result, sink)) return false;
    sink.add(tailOfAnswer(message));
    return true;
  }
  return false;
}

function textOfCall(call: Call): string {
  return headOfCall(call) + member('data', call.data) + tailOfCall(call);
}

/** Written out, as are the others: with a loop over the names, short calls take a quarter longer. */
function headOfCall(call: Call): string {
  let text = '{"type":"invokefunction"';
  text += member('invocation_id', call.invocation_id);
  text += member('function_id', call.function_id);
  return text;
}

function tailOfCall(call: Call): string {
  let text = member('traceparent', call.traceparent);
  text += member('baggage', call.baggage);
  text += member('action', call.action);
  text += member('metadata', call.metadata);
  text += member('namespace', call.namespace);
  text += member('deadline_ms', call.deadline_ms);
  return `${text}}`;
}

function textOfAnswer(answer: Answer): string {
  return headOfAnswer(answer) + member('result', answer.result) + tailOfAnswer(answer);
}

function headOfAnswer(answer: Answer): string {
  let text = '{"type":"invocationresult"';
  text += member('invocation_id', answer.invocation_id);
  text += member('function_id', answer.function_id);
  text += member('traceparent', answer.traceparent);
  text += member('baggage', answer.baggage);
  return text;
}

function tailOfAnswer(answer: Answer): string {
  return `${member('error', answer.error)}}`;
}

/** @returns nothing for what has no JSON form, such as a function. */
function member(name: string, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return `,"${name}":${quoted(value)}`;
  if (value instanceof RawValue) return `,"${name}":${textOfRaw(value.raw)}`;
  if (saysItself(value)) {
    // It may ask what it is a member of.
    const text = JSON.stringify({ [name]: value });
    return text === '{}' ? '' : `,${text.slice(1, -1)}`;
  }
  const text = textOfMembers(value) ?? JSON.stringify(value);
  return text === undefined ? '' : `,"${name}":${text}`;
}

/** The text of a plain object that has a long text among its members; undefined for all else, which is left to `JSON`. */
function textOfMembers(value: unknown): string | undefined {
  if (!isPlain(value)) return undefined;
  const names = Object.keys(value);
  if (names.length > MOST_MEMBERS || !names.some((name) => isLongText(value[name]))) return undefined;
  let text = '';
  for (const name of names) {
    const each = value[name];
    if (saysItself(each)) return undefined;
    const spelled = typeof each === 'string' ? quoted(each) : JSON.stringify(each);
    if (spelled !== undefined) text += `${text === '' ? '{' : ','}${quoted(name)}:${spelled}`;
  }
  // What a getter says may have changed since.
  return text === '' ? '{}' : `${text}}`;
}

function isLongText(value: unknown): boolean {
  return typeof value === 'string' && value.length >= LONG_TEXT;
}
