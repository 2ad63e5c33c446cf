import {
  isRawObject,
  JsonSyntaxError,
  type RawJson,
  rawFromMixed,
  rawFromText,
  rawFromValue,
  rawMembers,
  textOfRaw,
} from 'iii-protocol';
import { CliError } from '../errors.js';

const LONGEST_QUOTE = 200;

/**
 * The payload that `key=value` words and `--json` add up to (§1.3): a shallow merge in which pairs win and the last
 * of equal keys does. Values keep their spelling, so that numbers JavaScript cannot hold arrive as they were typed.
 *
 * @throws CliError
 */
export function readPayload(pairs: readonly string[], json: string | undefined): RawJson {
  const members = pairs.map(readPair);
  if (json === undefined) return rawObject(new Map(members));
  const whole = readJson(json);
  if (members.length === 0) return whole;
  if (!isRawObject(whole)) {
    throw new CliError('json_not_object', '--json must be an object when combined with kv pairs');
  }
  return rawObject(new Map([...rawMembers(whole), ...members]));
}

function readPair(word: string): [key: string, value: RawJson] {
  const equals = word.indexOf('=');
  if (equals < 0) throw new CliError('expected_key_value', `expected key=value, got \`${quoted(word)}\``);
  if (equals === 0) {
    throw new CliError('empty_key', `payload key must not be empty: \`${quoted(word)}\``);
  }
  const key = word.slice(0, equals);
  const text = word.slice(equals + 1);
  return [key, syntaxErrorOf(text) === undefined ? rawOf(text, key) : rawFromValue(text)];
}

function readJson(text: string): RawJson {
  const detail = syntaxErrorOf(text);
  if (detail === undefined) return rawOf(text, '--json');
  throw new CliError('invalid_json', `--json: invalid JSON \`${quoted(text)}\`: ${detail}`);
}

/** What is wrong with a text as JSON, if anything is. */
function syntaxErrorOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Refuses what is JSON but no engine takes, rather than sending something else. */
function rawOf(json: string, where: string): RawJson {
  try {
    return rawFromText(json);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new CliError('unsupported_json', `${where}: ${error.message}`);
  }
}

/** Not from an object: those put keys that look like array indices first. */
function rawObject(members: ReadonlyMap<string, RawJson>): RawJson {
  const texts = [...members].map(([key, value]) => `${textOfRaw(rawFromMixed(key))}:${textOfRaw(value)}`);
  return rawOf(`{${texts.join(',')}}`, 'the payload');
}

function quoted(text: string): string {
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}…`;
}
