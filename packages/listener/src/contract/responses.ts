export interface ParsedResponse {
  readonly status: number;
  readonly text: string;
  /** Lower-case names, every line. */
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly body: Buffer;
  /** Sizes of the chunks of a chunked body. */
  readonly chunks: readonly number[] | undefined;
  /** Chunked without its terminating chunk, or shorter than its content-length. */
  readonly truncated: boolean;
  all(name: string): string[];
}

/** One complete response at the beginning of `data`, or, when the connection is over, whatever is there of it. */
export function parseResponse(
  data: Buffer,
  method: string,
  over: boolean,
): { value: ParsedResponse; length: number } | undefined {
  const end = data.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [statusLine = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const all = (name: string) => headers.filter(([key]) => key === name).map(([, value]) => value);
  const status = Number(statusLine.split(' ')[1]);
  const text = statusLine.split(' ').slice(2).join(' ');
  const start = end + 4;
  const done = (body: Buffer, length: number, chunks?: readonly number[], truncated = false) => ({
    value: { status, text, headers, body, chunks, truncated, all },
    length,
  });
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
    return done(Buffer.alloc(0), start);
  if (all('transfer-encoding').includes('chunked')) {
    const parsed = parseChunks(data, start);
    if (!parsed.complete && !over) return undefined;
    return done(
      Buffer.concat(parsed.chunks),
      parsed.end,
      parsed.chunks.map((chunk) => chunk.length),
      !parsed.complete,
    );
  }
  const length = Number(all('content-length')[0] ?? 0);
  if (data.length < start + length && !over) return undefined;
  const body = Buffer.from(data.subarray(start, start + length));
  return done(body, start + length, undefined, body.length < length);
}

function parseChunks(data: Buffer, from: number): { chunks: Buffer[]; end: number; complete: boolean } {
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const line = data.indexOf('\r\n', at);
    if (line === -1) return { chunks, end: data.length, complete: false };
    const hex = data.toString('latin1', at, line);
    if (!/^[0-9a-fA-F]+$/.test(hex)) throw new Error(`not a chunk size: ${JSON.stringify(hex.slice(0, 60))}`);
    const size = Number.parseInt(hex, 16);
    const start = line + 2;
    if (size === 0) {
      const complete = data.length >= start + 2;
      return { chunks, end: complete ? start + 2 : data.length, complete };
    }
    chunks.push(Buffer.from(data.subarray(start, start + size)));
    if (data.length < start + size + 2) return { chunks, end: data.length, complete: false };
    if (data.toString('latin1', start + size, start + size + 2) !== '\r\n')
      throw new Error('chunk without CRLF');
    at = start + size + 2;
  }
}
