import type { ChannelReader } from 'iii-channel/ends';

/** An HTTP request as a streaming handler sees it (sdk-node.md §12). */
export interface StreamRequest<TBody = unknown> {
  path_params: Record<string, string>;
  query_params: Record<string, string | string[]>;
  body: TBody;
  headers: Record<string, string | string[]>;
  method: string;
  /** The body as it comes in. */
  request_body: ChannelReader;
}

/** The answer to an HTTP request, piece by piece. Status and headers go out with the first piece of the body. */
export interface StreamResponse {
  status(statusCode: number): void;
  headers(headers: Record<string, string>): void;
  stream: NodeJS.WritableStream;
  close(): void;
}
