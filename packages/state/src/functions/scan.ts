import { RAW_NULL, type RawJson, rawFromValue } from 'iii-protocol';
import { hasExpired } from '../changes.js';
import { refusal } from '../errors.js';
import { STATE_LIMITS } from '../limits.js';
import { rawArray, rawObject } from '../raw-build.js';
import { Input } from './input.js';
import { itemResult } from './results.js';
import { ADDRESS, schema, text } from './schemas.js';
import type { StateFunction } from './state-function.js';

const { pageBytes, pageItems, maxPageItems } = STATE_LIMITS;

/** An addition: the items of a scope in pages, by key. */
export const scanFunction: StateFunction = {
  id: 'state::scan',
  description: 'Reads the items of a scope in pages, in the order of their keys.',
  request: schema(
    'StateScanInput',
    {
      scope: ADDRESS.scope,
      prefix: text('Only keys that begin with this. Default: all.'),
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: maxPageItems,
        default: pageItems,
        description: 'Items of a page at most. A page may have fewer, also when it is not the last one.',
      },
      cursor: text('The cursor of the page before, to go on behind it.'),
    },
    ['scope'],
  ),
  response: schema(
    'StateScanResult',
    {
      items: {
        type: 'array',
        items: { type: 'object', required: ['key', 'value', 'version'] },
        description: 'Each {key, value, version}, with expires_at where it has one.',
      },
      cursor: {
        type: ['string', 'null'],
        description: 'Where the next page begins; null behind the last one.',
      },
    },
    ['items', 'cursor'],
  ),
  failure: 'LIST_ERROR',
  async run({ adapter, now }, payload) {
    const input = Input.read('state::scan', payload);
    const [scope, prefix] = [input.text('scope'), input.optionalText('prefix') ?? ''];
    const limit = input.optionalInteger('limit', 1, maxPageItems) ?? pageItems;
    const after = readCursor(input.optionalText('cursor'));
    const at = now();
    const items: RawJson[] = [];
    let bytes = 0;
    let last: string | undefined;
    let isFull = false;
    await adapter.scan(scope, { prefix, after }, (item) => {
      if (hasExpired(item, at)) return true;
      isFull = items.length === limit || bytes >= pageBytes;
      if (isFull) return false;
      const shown = itemResult(item);
      items.push(shown);
      bytes += shown.length;
      last = item.key;
      return true;
    });
    return rawObject({
      items: rawArray(items),
      cursor: isFull && last !== undefined ? rawFromValue(cursorOf(last)) : RAW_NULL,
    });
  },
};

/** A cursor says behind which key to go on; that key itself may be gone by then. */
function cursorOf(key: string): string {
  return Buffer.from(`>${key}`).toString('base64url');
}

function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (text.startsWith('>') && cursorOf(text.slice(1)) === cursor) return text.slice(1);
  throw refusal('INVALID_CURSOR', `state::scan: ${JSON.stringify(cursor.slice(0, 60))} is no cursor`);
}
