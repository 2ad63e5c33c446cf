import { expect, it } from 'vitest';
import { PAYLOAD } from './payload.js';

it('the payload is 200 bytes of JSON that look the same when read and written again', () => {
  expect(Buffer.byteLength(PAYLOAD)).toBe(200);
  expect(JSON.stringify(JSON.parse(PAYLOAD))).toBe(PAYLOAD);
});
