import type { HeaderList, RequestHead } from 'iii-listener';
import type { Route } from '../routing/route.js';
import type { PathParams } from '../routing/route-table.js';
import type { ChannelRefs } from '../serve/channels.js';
import { textOfBytes } from './byte-text.js';

/** Strings by name. Has no prototype, so that no name a client sends means anything to JavaScript. */
export type Fields = Readonly<Record<string, string>>;

/** What is known of a request before its body (spec/worker-http.md §6.1). */
export interface RequestFields {
  readonly query_params: Fields;
  readonly path_params: PathParams;
  readonly headers: Fields;
  readonly method: string;
}

/** What conditions are called with; see {@link handlerPayload} for handlers. */
export interface CallPayload extends RequestFields {
  /** The path of the route as registered, not that of the request. */
  readonly path: string;
  readonly body: unknown;
  readonly trigger: { readonly type: 'http'; readonly path: string; readonly method: string };
  /** What middleware has handed on; absent when that is nothing (§20.35). */
  readonly context?: object;
}

export function requestFields(head: RequestHead, pathParams: PathParams): RequestFields {
  return {
    query_params: queryFields(head.query),
    path_params: pathParams,
    headers: headerFields(head.headers),
    method: head.method,
  };
}

export function callPayload(
  { query_params, path_params, headers, method }: RequestFields,
  route: Route,
  body: unknown,
  context: object,
): CallPayload {
  return {
    query_params,
    path_params,
    headers,
    path: route.apiPath,
    method,
    body,
    trigger: { type: 'http', path: route.apiPath, method },
    ...(Object.keys(context).length === 0 ? {} : { context }),
  };
}

/** What the handler is called with: what conditions see, and its channels (§6.1, §7.5). */
export function handlerPayload(payload: CallPayload, refs: ChannelRefs): CallPayload & ChannelRefs {
  return { ...payload, ...refs };
}

/** What middleware is called with (§7.2). */
export function middlewarePayload(fields: RequestFields, context: object): object {
  const { path_params, query_params, headers, method } = fields;
  return { phase: 'preHandler', request: { path_params, query_params, headers, method }, context };
}

/** Form decoding; of a repeated key the last value counts. */
export function queryFields(query: string): Fields {
  const fields: Record<string, string> = Object.create(null);
  if (query === '') return fields;
  // A first question mark would be dropped; one that belongs to the query is not the first this way.
  for (const [name, value] of new URLSearchParams(`?${textOfBytes(query)}`)) fields[name] = value;
  return fields;
}

const PLAIN = /^[\t\x20-\x7e]*$/;

/** Of a repeated header the last value counts, but cookies are joined (§20.17). A value beyond ASCII becomes empty. */
export function headerFields(headers: HeaderList): Fields {
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    const text = PLAIN.test(value) ? value : '';
    const before = name === 'cookie' ? fields[name] : undefined;
    fields[name] = before === undefined ? text : `${before}; ${text}`;
  }
  return fields;
}
