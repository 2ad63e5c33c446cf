import { expect, it } from 'vitest';
import { PAYLOAD, payloadOf } from './payload.js';

it('is 200 bytes of JSON', () => {
  expect(Buffer.byteLength(PAYLOAD)).toBe(200);
  expect(JSON.stringify(JSON.parse(PAYLOAD))).toBe(PAYLOAD);
});

it.each([64, 65, 66, 100, 1_024, 65_536, 1_048_576])('makes a payload of exactly %i bytes', (bytes) => {
  const text = JSON.stringify(payloadOf(bytes));
  expect(Buffer.byteLength(text)).toBe(bytes);
});

it('fills larger payloads with records rather than with one long text', () => {
  const { items, pad } = payloadOf(65_536);
  expect(items.length).toBeGreaterThan(500);
  expect(pad.length).toBeLessThan(200);
});
