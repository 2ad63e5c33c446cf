/** What every request carries, and every answer: 200 bytes of JSON. */
export const PAYLOAD = JSON.stringify({
  id: '5f0e8a34-7d1c-4c7e-9f6b-2d3a41c0b7e9',
  customer: { name: 'Jane Example', city: 'Springfield' },
  items: [12, 7, 431],
  total: 1249.5,
  paid: true,
  note: 'deliver to the back door'.padEnd(43, '.'),
});

/** A JSON object of exactly so many bytes, made of records like those of real payloads; at least 16. */
export function payloadOf(bytes: number): { readonly items: unknown[]; readonly pad: string } {
  const items: unknown[] = [];
  const frame = '{"items":[],"pad":""}'.length;
  let size = frame;
  for (let n = 0; ; n++) {
    const item = { id: n, name: `item ${n}`, tags: ['new', 'blue'], price: n + 0.5 };
    const more = JSON.stringify(item).length + (n === 0 ? 0 : 1);
    if (size + more > bytes) break;
    items.push(item);
    size += more;
  }
  return { items, pad: '.'.repeat(Math.max(0, bytes - size)) };
}
