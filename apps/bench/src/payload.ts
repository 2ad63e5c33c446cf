/** What every request carries, and every answer: 200 bytes of JSON. */
export const PAYLOAD = JSON.stringify({
  id: '5f0e8a34-7d1c-4c7e-9f6b-2d3a41c0b7e9',
  customer: { name: 'Jane Example', city: 'Springfield' },
  items: [12, 7, 431],
  total: 1249.5,
  paid: true,
  note: 'deliver to the back door'.padEnd(43, '.'),
});
