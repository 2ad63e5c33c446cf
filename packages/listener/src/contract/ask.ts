import type { HttpResponse } from '../types.js';
import type { DriverUnderTest } from './drivers.js';
import { RawClient } from './raw-client.js';
import { get } from './serve.js';

/** Asks once, answers as told, returns the exact response. */
export async function ask(driver: DriverUnderTest, answer: (response: HttpResponse) => void, method = 'GET') {
  const listener = await driver.listen({ onRequest: (_request, response) => answer(response) });
  const client = await RawClient.connect(listener);
  client.send(get('/', [], method));
  const response = await client.response(method);
  return { client, response };
}
