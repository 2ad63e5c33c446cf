import { JsonScanner } from './json-scanner.js';
import { assumeRawJson, type RawJson } from './raw-json.js';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

/** The elements of an array, each as it is spelled; undefined for other values. */
export function rawElements(raw: RawJson): RawJson[] | undefined {
  if (raw[0] !== OPEN) return undefined;
  const elements: RawJson[] = [];
  const scanner = new JsonScanner(raw);
  scanner.position = 1;
  scanner.skipSpace();
  if (raw[scanner.position] === CLOSE) return elements;
  for (;;) {
    const start = scanner.position;
    scanner.skipValue();
    elements.push(assumeRawJson(raw.subarray(start, scanner.position)));
    scanner.skipSpace();
    if (raw[scanner.position] !== COMMA) return elements;
    scanner.position++;
    scanner.skipSpace();
  }
}
