import { JsonScanner } from './json-scanner.js';
import {
  assumeRawJson,
  isRawArray,
  isRawObject,
  joinRaw,
  quoted,
  type RawJson,
  rawFromValue,
  textOfRaw,
} from './raw-json.js';
import { allocate, decodeAscii, decodeUtf8, encodeUtf8 } from './utf8.js';

const QUOTE = 0x22;

/**
 * Sets one member of an object to a string, replacing members of that name and keeping everything else byte for byte.
 * The member goes last, where readers that keep the last of two equal names (all official clients do) take it even
 * over a name that was spelled with escapes.
 */
export class MemberStamp {
  readonly #only: Uint8Array;
  readonly #next: Uint8Array;

  constructor(
    private readonly name: string,
    value: string,
  ) {
    const member = `${JSON.stringify(name)}:${JSON.stringify(value)}}`;
    this.#only = encodeUtf8(member);
    this.#next = encodeUtf8(`,${member}`);
  }

  /** The value with the member; values that are not objects are returned as they are. */
  set(raw: RawJson): RawJson {
    return isRawObject(raw) ? this.append(this.strip(raw)) : raw;
  }

  /** The value without the member; the very same bytes when it has none. */
  strip(raw: RawJson): RawJson {
    return removeRawMember(raw, this.name);
  }

  /** An object that does not have the member, with it. */
  append(object: RawJson): RawJson {
    const tail = this.tailOf(object);
    const result = allocate(object.length - 1 + tail.length);
    result.set(object.subarray(0, -1));
    result.set(tail, object.length - 1);
    return assumeRawJson(result);
  }

  /** What takes the place of the closing brace of an object that does not have the member. */
  tailOf(object: RawJson): Uint8Array {
    return isEmptyObject(object) ? this.#only : this.#next;
  }
}

/** The object without the members of that name; the very same bytes when there is none. */
export function removeRawMember(raw: RawJson, name: string): RawJson {
  return isRawObject(raw) ? withoutMember(raw, name) : raw;
}

/** The members of an object, each as it is spelled; the last of equal names. Empty for other values. */
export function rawMembers(raw: RawJson): ReadonlyMap<string, RawJson> {
  const members = new Map<string, RawJson>();
  if (!isRawObject(raw)) return members;
  const scanner = new JsonScanner(raw);
  if (!scanner.enterObject()) return members;
  do {
    scanner.passName();
    const name = nameIn(raw, scanner);
    const start = scanner.position;
    scanner.skipValue();
    members.set(name, assumeRawJson(raw.subarray(start, scanner.position)));
  } while (scanner.nextMember());
  return members;
}

/** The member name passed last. */
function nameIn(raw: RawJson, { nameStart, nameEnd, escaped, ascii }: JsonScanner): string {
  if (escaped) return String(JSON.parse(decodeUtf8(raw, nameStart - 1, nameEnd + 1)));
  return ascii ? decodeAscii(raw, nameStart, nameEnd) : decodeUtf8(raw, nameStart, nameEnd);
}

/** Members of an object whose text is put together here. */
export type RawParts = Readonly<Record<string, string | null | RawJson | undefined>>;

/** Where a text keeps what it was made of: a weak map of them would be gone through with every collection. */
const PARTS = Symbol('parts');
const PARTS_LIST = Symbol('parts of each');
type Made = RawJson & { [PARTS]?: RawParts; [PARTS_LIST]?: readonly RawParts[] };

/**
 * The JSON text of an object of texts and raw values; members that are `undefined` are left out. Whoever gets this very
 * text in the same process need not take it apart: {@link rawParts} gives what it was made of.
 */
export function rawFromParts(parts: RawParts): RawJson {
  const pieces = new Pieces();
  pieces.addParts(parts);
  const raw: Made = pieces.join();
  raw[PARTS] = parts;
  return raw;
}

/** What a text was made of by {@link rawFromParts}; undefined for one that came from elsewhere. */
export function rawParts(raw: RawJson): RawParts | undefined {
  const made: Made = raw;
  return made[PARTS];
}

/**
 * Stands for objects that only this process is to see, so that their text need not be made: `{"parts":3}`. Whoever gets
 * this very text there gets them by {@link rawPartsList}.
 */
export function rawStandingFor(list: readonly RawParts[]): RawJson {
  const raw: Made = rawFromValue({ parts: list.length });
  raw[PARTS_LIST] = list;
  return raw;
}

/** What a text of {@link rawStandingFor} stands for; undefined for one that came from elsewhere. */
export function rawPartsList(raw: RawJson): readonly RawParts[] | undefined {
  const made: Made = raw;
  return made[PARTS_LIST];
}

/** Names of members as they are spelled: they stand in this project’s own code, and so are few. */
const names = new Map<string, string>();

function nameOf(member: string): string {
  let spelled = names.get(member);
  if (spelled === undefined) {
    spelled = `${quoted(member)}:`;
    names.set(member, spelled);
  }
  return spelled;
}

/** What a text is joined from. */
class Pieces {
  readonly #pieces: Array<string | RawJson> = [];
  /** Not among them yet: texts that follow each other are one piece. */
  #text = '';

  addParts(parts: RawParts): void {
    let isFirst = true;
    for (const name of Object.keys(parts)) {
      const part = parts[name];
      if (part === undefined) continue;
      this.#text += (isFirst ? '{' : ',') + nameOf(name);
      isFirst = false;
      if (part instanceof Uint8Array) {
        this.#pieces.push(this.#text, part);
        this.#text = '';
      } else this.#text += part === null ? 'null' : quoted(part);
    }
    this.#text += isFirst ? '{}' : '}';
  }

  join(): RawJson {
    this.#pieces.push(this.#text);
    return joinRaw(this.#pieces);
  }
}

/** The elements of an array, each as it is spelled. Empty for other values. */
export function rawElements(raw: RawJson): RawJson[] {
  const elements: RawJson[] = [];
  if (!isRawArray(raw)) return elements;
  const scanner = new JsonScanner(raw);
  if (!scanner.enterArray()) return elements;
  do {
    const start = scanner.position;
    scanner.skipValue();
    elements.push(assumeRawJson(raw.subarray(start, scanner.position)));
  } while (scanner.nextElement());
  return elements;
}

function isEmptyObject(raw: RawJson): boolean {
  return raw[1] === QUOTE ? false : !new JsonScanner(raw).enterObject();
}

function withoutMember(raw: RawJson, name: string): RawJson {
  if (!mayHold(raw, name)) return raw;
  const scanner = new JsonScanner(raw);
  const kept: string[] = [];
  let found = false;
  if (!scanner.enterObject()) return raw;
  do {
    const start = scanner.position;
    scanner.passName();
    const spelled = decodeUtf8(raw, scanner.nameStart - 1, scanner.nameEnd + 1);
    scanner.skipValue();
    if (JSON.parse(spelled) === name) found = true;
    else kept.push(decodeUtf8(raw, start, scanner.position));
  } while (scanner.nextMember());
  return found ? assumeRawJson(encodeUtf8(`{${kept.join(',')}}`)) : raw;
}

/** A quick look for the literal name anywhere in the text, so that the usual case costs one native search. */
function mayHold(raw: RawJson, name: string): boolean {
  const needle = encodeUtf8(`"${name}"`);
  const last = raw.length - needle.length;
  for (let at = raw.indexOf(QUOTE); at >= 0 && at <= last; at = raw.indexOf(QUOTE, at + 1)) {
    let i = 1;
    while (i < needle.length && raw[at + i] === needle[i]) i++;
    if (i === needle.length) return true;
  }
  return false;
}

/** A value for {@link rawFromMixed}: plain JSON values in which parts may already be raw. */
export type MixedJson =
  | null
  | boolean
  | number
  | string
  | undefined
  | RawJson
  | readonly MixedJson[]
  | { readonly [name: string]: MixedJson };

/** The JSON text of a value that contains raw parts; members that are `undefined` are left out. */
export function rawFromMixed(value: MixedJson): RawJson {
  return assumeRawJson(encodeUtf8(mixedText(value)));
}

function mixedText(value: MixedJson): string {
  if (value instanceof Uint8Array) return textOfRaw(value as RawJson);
  if (Array.isArray(value)) return `[${value.map(mixedText).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `${JSON.stringify(name)}:${mixedText(member as MixedJson)}`);
    return `{${members.join(',')}}`;
  }
  return textOfRaw(rawFromValue(value));
}
