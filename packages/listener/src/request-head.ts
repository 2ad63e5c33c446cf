import type { HeaderList, RequestHead } from './types.js';

/** {@link RequestHead} as both drivers build it. */
export class Head implements RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderList;
  readonly remoteAddress: string;

  constructor(method: string, path: string, query: string, headers: HeaderList, remoteAddress: string) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.remoteAddress = remoteAddress;
  }

  header(name: string): string | undefined {
    return this.headers.find(([key]) => key === name)?.[1];
  }
}

/** The comma-separated tokens of every line of a header, lower-case. */
export function headerTokens(head: RequestHead, name: string): string[] {
  return head.headers
    .filter(([key]) => key === name)
    .flatMap(([, value]) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}
