import type { HeaderList, RequestHead } from 'iii-listener';
import { joinRaw, quoted, type RawJson } from 'iii-protocol';
import type { StreamChannelRef } from 'iii-sdk';
import type { Route } from '../routing/route.js';
import type { PathParams } from '../routing/route-table.js';
import type { ChannelRefs } from '../serve/channels.js';
import { textOfBytes } from './byte-text.js';

/**
 * What is known of a request before its body, each member as its JSON text (spec/worker-http.md §6.1). Functions are
 * called with text: no name that a client sends ever is the name of a property here.
 */
export interface RequestFields {
  readonly query_params: string;
  readonly path_params: string;
  readonly headers: string;
  readonly method: string;
}

/** @param headers what functions see of them. */
export function requestFields(head: RequestHead, pathParams: PathParams, headers: HeaderList): RequestFields {
  return {
    query_params: queryFields(head.query),
    path_params: JSON.stringify(pathParams),
    headers: headerFields(headers),
    method: quoted(head.method),
  };
}

/** What a request brings besides its head. */
export interface RequestParts {
  readonly fields: RequestFields;
  readonly route: Route;
  readonly body: RawJson;
  /** What middleware has handed on; left out when that is nothing (§20.35). */
  readonly context: object;
}

/** What conditions are called with: the path is that of the route as registered, not that of the request (§7.5). */
export function callPayload(parts: RequestParts): RawJson {
  return joinRaw([...callMembers(parts), '}']);
}

/** What the handler is called with: what conditions see, and its channels (§6.1). */
export function handlerPayload(parts: RequestParts, { request_body, response }: ChannelRefs): RawJson {
  const [before, body, after] = callMembers(parts);
  return joinRaw([
    before,
    body,
    `${after},"request_body":${refText(request_body)},"response":${refText(response)}}`,
  ]);
}

/** What middleware is called with (§7.2). */
export function middlewarePayload(fields: RequestFields, context: object): RawJson {
  const { path_params, query_params, headers, method } = fields;
  const request = `{"path_params":${path_params},"query_params":${query_params},"headers":${headers},"method":${method}}`;
  return joinRaw([`{"phase":"preHandler","request":${request},"context":${JSON.stringify(context)}}`]);
}

function refText({ channel_id, access_key, direction }: StreamChannelRef): string {
  return `{"channel_id":${quoted(channel_id)},"access_key":${quoted(access_key)},"direction":"${direction}"}`;
}

/** The beginning of an object, up to its last member. */
function callMembers({ fields, route, body, context }: RequestParts): [string, RawJson, string] {
  const { query_params, path_params, headers, method } = fields;
  const path = quoted(route.apiPath);
  const handedOn = JSON.stringify(context);
  return [
    `{"query_params":${query_params},"path_params":${path_params},"headers":${headers},"path":${path},"method":${method},"body":`,
    body,
    `,"trigger":{"type":"http","path":${path},"method":${method}}${handedOn === '{}' ? '' : `,"context":${handedOn}`}`,
  ];
}

/** Form decoding; of a repeated key the last value counts. An object of strings, as JSON. */
export function queryFields(query: string): string {
  if (query === '') return '{}';
  const fields = new Map<string, string>();
  // A first question mark would be dropped; one that belongs to the query is not the first this way.
  for (const [name, value] of new URLSearchParams(`?${textOfBytes(query)}`)) fields.set(name, value);
  return textOfFields(fields);
}

const BEYOND_PLAIN = /[^\t\x20-\x7e]/;

/**
 * Of a repeated header the last value counts, but cookies are joined (§20.17). A value beyond ASCII becomes empty. An
 * object of strings, as JSON.
 */
export function headerFields(headers: HeaderList): string {
  const fields = new Map<string, string>();
  for (const [name, value] of headers) {
    const text = BEYOND_PLAIN.test(value) ? '' : value;
    const before = name === 'cookie' ? fields.get(name) : undefined;
    fields.set(name, before === undefined ? text : `${before}; ${text}`);
  }
  return textOfFields(fields);
}

function textOfFields(fields: ReadonlyMap<string, string>): string {
  let text = '';
  for (const [name, value] of fields) {
    text += `${text === '' ? '{' : ','}${quoted(name)}:${quoted(value)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}
