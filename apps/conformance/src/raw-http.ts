import net from 'node:net';

/** Final answers on a connection, in order. */
export interface RawAnswer {
  readonly status: number;
  /** As on the wire, without the status line. */
  readonly head: string;
  readonly body: string;
}

export interface Conversation {
  readonly answers: readonly RawAnswer[];
  /** Everything that came, one character a byte. */
  readonly text: string;
}

/** Sends bytes, one character each, on a connection of their own, and hears what comes until the other side ends it. */
export function converse(url: string, bytes: string, { half = false } = {}): Promise<Conversation> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A connection that is cut has no more to say, like one that is ended.
    socket.on('error', () => {});
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ text, answers: answersIn(text, /^HEAD /.test(bytes)) });
    });
    if (half) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
}

const LAST_CHUNK = '0\r\n\r\n';

/** @param bodyless whether the answers are those of HEAD requests. */
function answersIn(text: string, bodyless: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(text.slice(at, at + 13))?.[1];
    if (status === undefined || end === -1)
      throw new Error(`no answer begins with ${text.slice(at, at + 80)}`);
    const head = text.slice(text.indexOf('\r\n', at) + 2, end);
    const stated = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    // Only what node:http answers by itself comes in chunks, and says nothing.
    const isEmptyChunked = text.startsWith(LAST_CHUNK, end + 4);
    const length = isEmptyChunked ? LAST_CHUNK.length : bodyless ? 0 : stated;
    const body = isEmptyChunked ? '' : text.slice(end + 4, end + 4 + length);
    if (status !== '100') answers.push({ status: Number(status), head, body });
    at = end + 4 + length;
  }
  return answers;
}
