import { isRawNull, isRawObject, parseRaw, type RawJson, rawMembers, textOfRaw } from 'iii-protocol';
import type { Address } from '../adapter.js';
import { refusal } from '../errors.js';
import { STATE_LIMITS } from '../limits.js';

/** The payload of a call, read member by member: values stay the text they are. Members not asked for are ignored. */
export class Input {
  private constructor(
    private readonly where: string,
    private readonly members: ReadonlyMap<string, RawJson>,
  ) {}

  /** @param where for messages: the id of the function, or that and a place in its payload. */
  static read(where: string, payload: RawJson): Input {
    if (isRawObject(payload)) return new Input(where, rawMembers(payload));
    throw refusal('deserialization_error', `${where}: expected an object, found ${shown(payload)}`);
  }

  get address(): Address {
    return { scope: this.text('scope'), key: this.text('key') };
  }

  text(name: string): string {
    const value = this.optionalText(name);
    return value === undefined ? this.fail(name, 'a string') : value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#given(name);
    return value === undefined || typeof value === 'string' ? value : this.fail(name, 'a string');
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#given(name) ?? otherwise;
    return typeof value === 'boolean' ? value : this.fail(name, 'true or false');
  }

  integer(name: string, from: number, to: number): number {
    const value = this.optionalInteger(name, from, to);
    return value === undefined ? this.fail(name, `an integer from ${from} to ${to}`) : value;
  }

  optionalInteger(name: string, from: number, to: number): number | undefined {
    const value = this.#given(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to)
      return value;
    return this.fail(name, `an integer from ${from} to ${to}`);
  }

  /** Milliseconds from now, as a moment. */
  expiry(now: number): number | undefined {
    const ttl = this.optionalInteger('ttl_ms', 1, STATE_LIMITS.maxTtlMs);
    return ttl === undefined ? undefined : now + ttl;
  }

  /** The value to keep; `data` is another name for it (§1.2). */
  get value(): RawJson {
    const [value, data] = [this.raw('value'), this.raw('data')];
    if (value !== undefined && data !== undefined) {
      throw refusal(
        'deserialization_error',
        `${this.where}: give value or data, which is its alias, not both`,
      );
    }
    return value ?? data ?? this.fail('value', 'any JSON value');
  }

  raw(name: string): RawJson | undefined {
    return this.members.get(name);
  }

  fail(name: string, expected: string): never {
    const raw = this.members.get(name);
    const found = raw === undefined ? 'it is missing' : `found ${shown(raw)}`;
    throw refusal('deserialization_error', `${this.where}: ${name}: expected ${expected}, ${found}`);
  }

  /** A member that may be left out, for which null counts as that. */
  #given(name: string): unknown {
    const raw = this.members.get(name);
    return raw === undefined || isRawNull(raw) ? undefined : parseRaw(raw);
  }
}

const SHOWN_BYTES = 60;

function shown(raw: RawJson): string {
  if (raw.length <= SHOWN_BYTES) return textOfRaw(raw);
  return `${Buffer.from(raw.subarray(0, SHOWN_BYTES)).toString('utf8')}…`;
}
