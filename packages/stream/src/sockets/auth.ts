import type { RequestHead } from 'iii-listener';
import {
  isRawObject,
  type Log,
  ownRaw,
  RAW_NULL,
  type RawJson,
  rawFromMixed,
  rawMembers,
} from 'iii-protocol';
import { type Caller, messageOf } from '../caller.js';
import type { StreamConfig } from '../config.js';

/** Bytes of the context that is kept for each socket. */
const CONTEXT_BYTES = 64 * 1024;

type AuthConfig = Pick<StreamConfig, 'auth_function' | 'fail_open'> & {
  readonly limits: Pick<StreamConfig['limits'], 'auth_timeout'>;
};

/**
 * Asks the auth function who connects (spec §2.6).
 *
 * @returns the context it gives the socket; undefined when the socket must not be let in: the function failed, took too
 * long, or returned anything but an object.
 */
export async function authenticate(
  request: RequestHead,
  { auth_function: functionId, fail_open: failOpen, limits }: AuthConfig,
  { caller, logger }: { readonly caller: Caller; readonly logger: Log },
): Promise<RawJson | undefined> {
  if (functionId === null) return RAW_NULL;
  try {
    const result = await caller.call({ functionId }, authPayload(request), limits.auth_timeout);
    return contextOf(result);
  } catch (error) {
    logger.warn(
      { err: error, function_id: functionId, remote: request.remoteAddress },
      `a socket was ${failOpen ? 'let in without context' : 'refused'}: ${messageOf(error)}`,
    );
    return failOpen ? RAW_NULL : undefined;
  }
}

function contextOf(result: RawJson | undefined): RawJson {
  if (result === undefined || !isRawObject(result))
    throw new TypeError('the auth function returned no object');
  const context = rawMembers(result).get('context') ?? RAW_NULL;
  if (context.length > CONTEXT_BYTES)
    throw new RangeError(
      `the auth function returned a context of ${context.length} bytes, over ${CONTEXT_BYTES}`,
    );
  return ownRaw(context);
}

/** Headers and query as they were sent, for the function to judge. */
export function authPayload({ headers, path, query, remoteAddress }: RequestHead): RawJson {
  // Of a repeated header the last one; what is not visible ASCII is left out.
  const visible = headers.filter(([, value]) => /^[\t\x20-\x7e]*$/.test(value));
  return rawFromMixed({
    headers: Object.fromEntries(visible),
    path,
    query_params: Object.fromEntries(queryOf(query)),
    addr: remoteAddress,
  });
}

function queryOf(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    const key = at === -1 ? pair : pair.slice(0, at);
    if (key === '') continue;
    const value = at === -1 ? '' : pair.slice(at + 1);
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  return values;
}
