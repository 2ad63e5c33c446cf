import type { HeaderList } from 'iii-listener';
import { HttpError } from '../errors.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const BREAK = /[\r\n\0]/;

/** Whether text can be the name of a header, or a method: a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether text can be sent as the value of a header. */
export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/** Hears of a header that is left out, and why. The value may be secret, and is not told. */
export type HeaderDropped = (name: string, reason: string) => void;

/**
 * The headers a function returned: an object of strings or lists of strings, or a list of `Name: value`
 * (spec/worker-http.md §8.2). What cannot be sent is left out; what belongs to the connection the listener drops.
 *
 * @throws HttpError `header_injection` when a line break or NUL would get into the head of the answer.
 */
export function headerLines(given: unknown, dropped: HeaderDropped): HeaderList {
  const lines: Array<readonly [string, string]> = [];
  const add = (name: string, value: string) => {
    if (BREAK.test(name) || BREAK.test(value)) {
      throw new HttpError('header_injection', `header ${JSON.stringify(name)} has a line break or NUL in it`);
    }
    if (!isToken(name)) dropped(name, 'its name is not a token');
    else if (!isHeaderValue(value)) dropped(name, 'its value is not printable ASCII or Latin-1');
    else lines.push([name, value]);
  };
  if (Array.isArray(given)) {
    for (const entry of given) {
      const colon = typeof entry === 'string' ? entry.indexOf(':') : -1;
      if (colon > 0) add(entry.slice(0, colon).trim(), entry.slice(colon + 1).trim());
      else dropped('', 'it is not of the form "Name: value"');
    }
  } else if (typeof given === 'object' && given !== null) {
    for (const [name, value] of Object.entries(given)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (typeof one === 'string') add(name, one);
        else dropped(name, `its value is of type ${typeof one}, not a string`);
      }
    }
  }
  return lines;
}

/** The first value of a header, by lower-case name. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}
