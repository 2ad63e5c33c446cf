import { quoted, textOfRaw } from 'iii-protocol';
import type { OutgoingMessage } from './message.js';
import { RawValue } from './raw-value.js';

type Call = Extract<OutgoingMessage, { readonly type: 'invokefunction' }>;
type Answer = Extract<OutgoingMessage, { readonly type: 'invocationresult' }>;

/**
 * Length from which a text is cheaper to look at, and to take as it is if nothing in it has to be escaped, than
 * `JSON.stringify` is.
 */
const LONG_TEXT = 128;
/** Of a value that is looked at member by member. */
const MOST_MEMBERS = 32;

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

/** Written out, as is the other one: with a loop over the names, short calls take a quarter longer. */
function textOfCall(call: Call): string {
  let text = '{"type":"invokefunction"';
  text += member('invocation_id', call.invocation_id);
  text += member('function_id', call.function_id);
  text += member('data', call.data);
  text += member('traceparent', call.traceparent);
  text += member('baggage', call.baggage);
  text += member('action', call.action);
  text += member('metadata', call.metadata);
  text += member('namespace', call.namespace);
  text += member('deadline_ms', call.deadline_ms);
  return `${text}}`;
}

function textOfAnswer(answer: Answer): string {
  let text = '{"type":"invocationresult"';
  text += member('invocation_id', answer.invocation_id);
  text += member('function_id', answer.function_id);
  text += member('traceparent', answer.traceparent);
  text += member('baggage', answer.baggage);
  text += member('result', answer.result);
  text += member('error', answer.error);
  return `${text}}`;
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

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isLongText(value: unknown): boolean {
  return typeof value === 'string' && value.length >= LONG_TEXT;
}

/** Whether it has a method that says what is to be spelled in its place. */
function saysItself(value: unknown): boolean {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'bigint') return false;
  return typeof (value as { readonly toJSON?: unknown } | null)?.toJSON === 'function';
}
