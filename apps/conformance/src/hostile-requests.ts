/** What each driver answers to a request, see {@link HOSTILE}. */
export interface Row {
  readonly name: string;
  /** One character a byte. */
  readonly bytes: string;
  /** Statuses in order; of a 200, what was served follows. Empty: the connection ends without an answer. */
  readonly node: string;
  readonly uws: string;
  /** The client ends its side behind the bytes. */
  readonly half?: boolean;
}

const HOST = 'Host: x\r\n';
const LAST = `${HOST}Connection: close\r\n`;
const JSON_HEAD = `${HOST}Content-Type: application/json\r\n`;
/** What a request smuggles, or what rightly follows it; the row's number goes where the zeros are. */
const NEXT = `GET /next/000 HTTP/1.1\r\n${LAST}\r\n`;
const END = '0\r\n\r\n';

const row = (name: string, bytes: string, node: string, uws = node): Row => ({ name, bytes, node, uws });
const line = (text: string, node: string, uws = node): Row =>
  row(`line ${JSON.stringify(text.slice(0, 40))}`, `${text}\r\n${LAST}\r\n`, node, uws);
const get = (target: string, node: string, uws = node): Row => line(`GET ${target} HTTP/1.1`, node, uws);
/** A header line, or several, of a GET. */
const header = (text: string, node: string, uws = node): Row =>
  row(`header ${JSON.stringify(text.slice(0, 40))}`, `GET /e HTTP/1.1\r\n${LAST}${text}\r\n\r\n`, node, uws);
/** Framing headers of a POST, and what comes behind them. */
const post = (framing: string, rest: string, node: string, uws = node): Row =>
  row(
    `framing ${JSON.stringify(framing)}`,
    `POST /e HTTP/1.1\r\n${JSON_HEAD}${framing}\r\n\r\n${rest}`,
    node,
    uws,
  );
const chunked = (chunks: string, node: string, uws = node): Row =>
  row(
    `chunks ${JSON.stringify(chunks)}`,
    `POST /e HTTP/1.1\r\n${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n${chunks}${NEXT}`,
    node,
    uws,
  );

/** Framing that two parsers may read in two ways: nothing behind it may be taken for a request (RFC 9112 §11.2). */
const SMUGGLING: readonly Row[] = [
  post('Content-Length: 5\r\nTransfer-Encoding: chunked', END + NEXT, '400', ''),
  post('Transfer-Encoding: chunked\r\nContent-Length: 5', END + NEXT, '400', ''),
  post(`Content-Length: 0\r\nContent-Length: ${NEXT.length}`, NEXT, '400', ''),
  post('Content-Length: 2\r\nContent-Length: 2', `{}${NEXT}`, '400', ''),
  post('Content-Length: 2, 2', `{}${NEXT}`, '400', ''),
  post('Content-Length: +2', `{}${NEXT}`, '400', ''),
  post('Content-Length: -2', `{}${NEXT}`, '400', ''),
  post('Content-Length: 0x2', `{}${NEXT}`, '400', ''),
  post('Content-Length: 2 2', `{}${NEXT}`, '400', ''),
  post('Content-Length:', NEXT, '400', ''),
  post('Content-Length: 99999999999999999999999', `{}${NEXT}`, '400', ''),
  post('Content-Length : 2', `{}${NEXT}`, '400', ''),
  post(' Content-Length: 2', `{}${NEXT}`, '400', ''),
  // More than 32 bits: too large at once, and never wrapped round to 2.
  post('Content-Length: 4294967298\r\nConnection: close', `{}${NEXT}`, '413', ''),
  post('Transfer-Encoding: xchunked', END + NEXT, '400', ''),
  post('Transfer-Encoding: chunked, chunked', END + NEXT, '400', ''),
  post('Transfer-Encoding: gzip, chunked', END, '400', ''),
  post('Transfer-Encoding: identity', NEXT, '400', ''),
  post('Transfer-Encoding: "chunked"', END + NEXT, '400', ''),
  post('Transfer-Encoding: chunked;x=1', END + NEXT, '400', ''),
  post('Transfer-Encoding: \x0bchunked', END + NEXT, '400', ''),
  post('Transfer-Encoding : chunked', END + NEXT, '400', ''),
  post('Transfer-Encoding:\r\n chunked', END + NEXT, '400', ''),
  post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', END + NEXT, '400', ''),
  // HTTP/1.0 knows no codings: whoever forwarded this may take the body for the next request.
  row(
    'HTTP/1.0 with a coding',
    `POST /e HTTP/1.0\r\n${LAST}Transfer-Encoding: chunked\r\n\r\n${END}${NEXT}`,
    '400',
    '',
  ),
  // The same coding spelled otherwise; what follows is rightly the next request.
  post('Transfer-Encoding: CHUNKED', `2\r\n{}\r\n${END}${NEXT}`, '200 e {}, 200 next', ''),
  post('Transfer-Encoding:\tchunked', `2\r\n{}\r\n${END}${NEXT}`, '200 e {}, 200 next', ''),
  // Neither a length nor chunks: no body.
  post('Content_Length: 2', NEXT, '200 e null, 200 next', ''),
  // Bodies where none is usual are bodies all the same.
  row(
    'a GET with a body',
    `GET /e HTTP/1.1\r\n${LAST}Content-Length: ${NEXT.length}\r\n\r\n${NEXT}`,
    '200 e null',
  ),
  row(
    'a HEAD with a body',
    `HEAD /e HTTP/1.1\r\n${LAST}Content-Length: ${NEXT.length}\r\n\r\n${NEXT}`,
    '200 ',
  ),
];

const CHUNKS: readonly Row[] = [
  chunked(`2\r\n{}\r\n${END}`, '200 e {}, 200 next', ''),
  chunked(`00000000000000000002\r\n{}\r\n${END}`, '200 e {}, 200 next', ''),
  chunked(`10000000000000000\r\n{}\r\n${END}`, '400', ''),
  // These sizes fit: the rest is taken for the body, which never ends.
  chunked(`ffffffffffffffff\r\n{}\r\n${END}`, '504', ''),
  chunked(`100000002\r\n{}\r\n${END}`, '504', ''),
  chunked(`fffffffe\r\n{}\r\n${END}`, '504', ''),
  chunked(`-2\r\n{}\r\n${END}`, '400', ''),
  chunked(`0x2\r\n{}\r\n${END}`, '400', ''),
  chunked(`zz\r\n{}\r\n${END}`, '400', ''),
  chunked(`2 \r\n{}\r\n${END}`, '400', ''),
  chunked(`2\n{}\n0\n\n`, '400', ''),
  // The uws driver takes an extension for a part of the size.
  chunked(`2;a=b\r\n{}\r\n${END}`, '200 e {}, 200 next', '504'),
  chunked(`2;a\nb\r\n{}\r\n${END}`, '400', '504'),
  chunked(`2\r\n{}${END}`, '400', ''),
  // The uws driver takes these for bodies that have ended, and drops the connection with what follows.
  chunked(`2\r\n{}xx\r\n${END}`, '400', '200 e {}'),
  chunked(`\r\n{}\r\n${END}`, '400', '200 e null'),
  chunked('2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n', '200 e {}, 200 next', '200 e {}'),
  chunked('2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n', '400', '200 e {}'),
  { ...post('Transfer-Encoding: chunked', '5\r\n{}', '400', ''), half: true },
  { ...post('Content-Length: 5', '{}', '400', ''), half: true },
];

const HEADS: readonly Row[] = [
  row('bare LF', 'GET /e HTTP/1.1\nHost: x\nConnection: close\n\n', '400', ''),
  header('X-A: 1\nX-B: 2', '400', ''),
  header('X-A: 1\rX-B: 2', '400', ''),
  header('X-A: 1\r\n  folded', '400', ''),
  header('X-A: 1\x002', '400', ''),
  header('X\x00A: 1', '400', ''),
  header('X A: 1', '400', ''),
  header('XA', '400', ''),
  header(': 1', '400', '200 e null'),
  header(`X-A: ${'x'.repeat(60_000)}`, '200 e null'),
  header(`X-A: ${'x'.repeat(500_000)}`, '431', ''),
  header('X-A: 1\r\n'.repeat(3000).trim(), '200 e null', ''),
  header('X-HTTP-Method-Override: POST', '200 e null'),
  header('Host: y', '200 e null'),
  row('no host', 'GET /e HTTP/1.1\r\nConnection: close\r\n\r\n', '200 e null', ''),
  row('an empty host', 'GET /e HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', '200 e null'),
  row('a host that is none', 'GET /e HTTP/1.1\r\nHost: a b/../c\r\nConnection: close\r\n\r\n', '200 e null'),
  post('Connection: close\r\nContent-Length: 20000000', '{}', '413'),
  post('Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2', '{}', '200 e {}'),
  post('Connection: close\r\nExpect: 200-maybe\r\nContent-Length: 2', '{}', '417', '200 e {}'),
];

const TARGETS: readonly Row[] = [
  get('//e', '404'),
  get('/./e', '404'),
  get('/x/../e', '404'),
  get('/x/%2e%2e/e', '404'),
  get('/%65', '404'),
  get('/p%2fa', '404'),
  get('/e#x', '404'),
  get('/e/', '404'),
  get('/p/a%2fb', '200 p a%2fb'),
  get('/p/..', '200 p ..'),
  get('/p/%2e%2e', '200 p %2e%2e'),
  get('/p/..\\..\\e', '200 p ..\\..\\e'),
  get('/p/%00', '200 p %00'),
  get('/p/%', '200 p %'),
  get('/p/%zz', '200 p %zz'),
  get('/p/%ff%fe', '200 p %ff%fe'),
  get('/p/__proto__?__proto__=1', '200 p __proto__'),
  get('/e?a=%zz&%=1&=2&&', '200 e null'),
  get('/p/\xff\xfe', '400', '200 p \ufffd\ufffd'),
  get('/p/\x00', '400', ''),
  get('/p/\x01', '400', ''),
  get('/p/a\tb', '400', ''),
  get('/p/a b', '400', ''),
  get(`/p/${'x'.repeat(60_000)}`, `200 p ${'x'.repeat(60_000)}`),
  get(`/p/${'x'.repeat(500_000)}`, '431', ''),
  get('http://h/e', '200 e null', ''),
  get('https://h:1/p/1?x=2', '200 p 1', ''),
  get('http://h@evil/e', '200 e null', ''),
  get('h:443', '400', ''),
  line('CONNECT h:443 HTTP/1.1', '404', ''),
  get('*', '404', ''),
  line('OPTIONS * HTTP/1.1', '200 ', ''),
  get('e', '400', ''),
  get('?x', '400', ''),
];

const PROTOCOLS: readonly Row[] = [
  row('HTTP/0.9', 'GET /e\r\n\r\n', '200 e null', ''),
  row('HTTP/0.9 in one line', 'GET /e\r\n', '408', ''),
  row('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400', ''),
  row('TLS', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\x00'.repeat(64)}`, '400', ''),
  line('GET /e HTTP/1.0', '200 e null', ''),
  line('GET /e HTTP/1.2', '400', ''),
  line('GET /e HTTP/2.0', '200 e null', ''),
  line('GET /e HTTP/3.0', '400', ''),
  line('GET /e http/1.1', '400', ''),
  line('TRACE /e HTTP/1.1', '405'),
  line('get /e HTTP/1.1', '400', ''),
  line('FOO /e HTTP/1.1', '400', ''),
  row('empty lines first', `\r\n\r\nGET /e HTTP/1.1\r\n${LAST}\r\n`, '200 e null', ''),
  row(
    'an upgrade to h2c',
    `GET /e HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n` +
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n',
    '200 e null',
  ),
  row('two requests at a time', `GET /e HTTP/1.1\r\n${HOST}\r\n${NEXT}`, '200 e null, 200 next', ''),
  row(
    'two requests at a time that are answered at once',
    `GET /none HTTP/1.1\r\n${HOST}\r\nGET /none HTTP/1.1\r\n${LAST}\r\n`,
    '404, 404',
  ),
];

/** Input that is wrong, odd or meant to deceive, and what each driver makes of it. */
export const HOSTILE: readonly Row[] = [SMUGGLING, CHUNKS, HEADS, TARGETS, PROTOCOLS]
  .flat()
  .map((one, n) => ({
    ...one,
    bytes: one.bytes.replace('/next/000', `/next/${String(n).padStart(3, '0')}`),
  }));
