import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { closedPort, portOf, run } from '../test-support.js';

/** What is to be closed after the test. */
const cleanup: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of cleanup.splice(0)) await close();
});

async function httpServer(status: number): Promise<{ port: number; server: Server }> {
  const server = createServer((_, response) => response.writeHead(status).end());
  server.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nconnection: close\r\n\r\n`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => new Promise((resolve) => server.close(resolve)));
  return { port: portOf(server.address()), server };
}

/** A WebSocket server that does this with every call it is sent. */
async function socketServer(
  called: (socket: WebSocket, call: { invocation_id: string }) => void,
  connected: (headers: IncomingHttpHeaders) => void = () => {},
): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket, request) => {
    connected(request.headers);
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { type: string; invocation_id?: string };
      const { invocation_id } = frame;
      if (frame.type === 'invokefunction' && invocation_id !== undefined) called(socket, { invocation_id });
    });
  });
  await once(server, 'listening');
  cleanup.push(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return portOf(server.address() as ReturnType<Server['address']>);
}

const trigger = (port: number, ...more: string[]) =>
  run(['trigger', 'math::add', '--address', '127.0.0.1', '--port', String(port), ...more]);

/** How many sockets and timers there are, which would keep a process from ending. */
async function resources(): Promise<number> {
  // What has been closed is gone after a few turns of the event loop.
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  const kinds = process.getActiveResourcesInfo();
  return kinds.filter((kind) => kind === 'TCPSocketWrap' || kind === 'Timeout').length;
}

describe('an engine that is not there', () => {
  it('is told of at once, with its place and what to do, and nothing is left running', async () => {
    const port = await closedPort();
    const before = await resources();
    const started = performance.now();
    const { status, stdout, stderr } = await trigger(port);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await resources()).toBeLessThanOrEqual(before);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(
      `Error: cannot reach an engine at 127.0.0.1:${port} (connection refused). Start an engine with \`iii\`, ` +
        'or say where one is with --address and --port, --url, or III_URL.\n',
    );
  });

  it('is told of in the same way when the host has several addresses', async () => {
    const port = await closedPort();
    const { status, stderr } = await run(['trigger', 'f', '--port', String(port)]);
    expect(status).toBe(1);
    expect(stderr).toContain(`cannot reach an engine at localhost:${port} (connection refused)`);
  });

  it('has a host that does not exist', async () => {
    const { status, stderr } = await run(['trigger', 'f', '--address', 'no-such-host.invalid']);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Error: cannot reach an engine at no-such-host\.invalid:49134 \(.*(name|host).*\)\. /,
    );
  });

  it('leaves the console of the process alone', async () => {
    const methods = (['log', 'debug', 'info', 'warn', 'error'] as const).map((name) =>
      vi.spyOn(console, name),
    );
    await trigger(await closedPort());
    for (const method of methods) expect(method).not.toHaveBeenCalled();
  });

  it.each([401, 404, 200, 500])('but something that answers HTTP %i', async (status) => {
    const { port } = await httpServer(status);
    const outcome = await trigger(port);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toBe(
      `Error: the server at 127.0.0.1:${port} answered HTTP ${status} and opened no WebSocket. ` +
        'Check that this is the port workers connect to; credentials are given with --header name:value.\n',
    );
  });

  it('but something that speaks another language', async () => {
    const server = createTcpServer((socket) => socket.resume().end('220 mail.example ESMTP\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    cleanup.push(() => new Promise((resolve) => server.close(resolve)));
    const { status, stderr } = await trigger(portOf(server.address()));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: cannot reach an engine at 127\.0\.0\.1:\d+ \(.+\)\. /);
  });

  it('but something that never answers: the timeout covers connecting', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    const accepted = once(server, 'connection');
    await once(server, 'listening');
    const port = portOf(server.address());
    const { status, stderr } = await trigger(port, '--timeout-ms', '100');
    expect(status).toBe(1);
    expect(stderr).toContain(
      `Timed out waiting for the engine (no response within the timeout). 127.0.0.1:${port}`,
    );
    expect(stderr).toContain('opened no connection within 100 ms');
    const [socket] = (await accepted) as [import('node:net').Socket];
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a connection', () => {
  it('leaves nothing running when the call is over', async () => {
    const port = await socketServer((socket, { invocation_id }) => {
      socket.send(JSON.stringify({ type: 'invocationresult', invocation_id }));
      socket.once('close', () => closed());
    });
    let closed: () => void = () => {};
    const seen = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const before = await resources();
    expect((await trigger(port)).status).toBe(0);
    await seen;
    expect(await resources()).toBeLessThanOrEqual(before);
  });

  it('is made with the headers asked for', async () => {
    let headers: IncomingHttpHeaders = {};
    const port = await socketServer(
      (socket, { invocation_id }) => socket.send(JSON.stringify({ type: 'invocationresult', invocation_id })),
      (seen) => {
        headers = seen;
      },
    );
    const { status } = await trigger(port, '--header', 'authorization: Bearer a:b', '--header', 'x-tenant:7');
    expect(status).toBe(0);
    expect(headers).toMatchObject({ authorization: 'Bearer a:b', 'x-tenant': '7' });
  });

  it('that is cut during a call is told of at once', async () => {
    const port = await socketServer((socket) => socket.terminate());
    const { status, stdout, stderr } = await trigger(port);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^Error: lost the connection to 127\\.0\\.0\\.1:${port} before the answer came \\(.+\\)\\. .*retry`,
      ),
    );
  });

  it('that is closed during a call says with which code', async () => {
    const port = await socketServer((socket) => socket.close(1012, 'restarting'));
    const { status, stderr } = await trigger(port);
    expect(status).toBe(1);
    expect(stderr).toContain(`lost the connection to 127.0.0.1:${port} before the answer came`);
    expect(stderr).toContain('1012');
  });

  it('never shows the password of its address', async () => {
    const port = await socketServer((socket) => socket.terminate());
    const { stderr } = await run(['trigger', 'f', '--url', `ws://ada:secret@127.0.0.1:${port}`]);
    expect(stderr).toContain('lost the connection');
    expect(stderr).not.toContain('secret');
  });

  it('on which no frames come is told of', async () => {
    const port = await socketServer((socket) => socket.send('hello'));
    const { status, stderr } = await trigger(port);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Error: what 127\.0\.0\.1:\d+ sent is not a frame: expected a value at byte 0\. /,
    );
  });

  it('that is refused by the engine is told of', async () => {
    const rejection = {
      type: 'registrationrejected',
      code: 'WORKER_NAMESPACE_CONFLICT',
      namespace: 'default',
      worker_name: 'iii-cli:trigger',
      owner_worker_id: 'w-1\n\u001b[2J',
    };
    const port = await socketServer((socket) => socket.send(JSON.stringify(rejection)));
    const { status, stderr } = await trigger(port);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Error: the engine at 127\.0\.0\.1:\d+ refused this command: WORKER_NAMESPACE_CONFLICT/,
    );
    expect(stderr.slice(0, -1)).not.toMatch(/\p{Cc}/u);
  });

  it('ignores what it does not know and answers of others', async () => {
    const port = await socketServer((socket, { invocation_id }) => {
      for (const frame of [
        '[]',
        '1',
        '{"type":"later"}',
        '{"type":"invocationresult","invocation_id":"x"}',
      ]) {
        socket.send(frame);
      }
      socket.send(`{"type":"invocationresult","invocation_id":"${invocation_id}","result":"mine"}`);
    });
    expect(await trigger(port)).toMatchObject({ status: 0, stdout: '"mine"\n', stderr: '' });
  });
});
