/**
 * Many connections that announce themselves and then only answer pings, without a WebSocket library, so that holding
 * them costs this process little. Says `ready` once all are greeted, and ends them when told.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

const [url, count] = process.argv.slice(2);
const { hostname, port } = new URL(url);

/** Connections opened at a time. */
const BATCH = 200;

/** A client frame that is not longer than 65,535 bytes. The mask is all zeros, which leaves the payload as it is. */
function frame(opcode, payload) {
  const head =
    payload.length < 126 ? [payload.length | 0x80] : [126 | 0x80, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...head, 0, 0, 0, 0]), payload]);
}

const PONG = frame(0xa, Buffer.alloc(0));

function announcement(n) {
  return frame(
    0x1,
    Buffer.from(
      JSON.stringify({
        type: 'invokefunction',
        function_id: 'engine::workers::register',
        data: {
          name: `idle-${n}`,
          runtime: 'node',
          version: '0.22.1',
          os: 'linux 6.1 (x64)',
          pid: 1,
          isolation: null,
        },
        action: { type: 'void' },
      }),
    ),
  );
}

async function open(n) {
  const socket = net.connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(
    `GET / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  let head = '';
  while (!head.includes('workerregistered')) {
    const [chunk] = await once(socket, 'data');
    head += chunk.toString('latin1');
  }
  socket.write(announcement(n));
  // Whatever comes now is a ping, and any frame in return shows life.
  socket.on('data', () => socket.write(PONG));
  return socket;
}

const sockets = [];
for (let from = 0; from < Number(count); from += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, Number(count) - from) }, (_, n) => open(from + n));
  sockets.push(...(await Promise.all(batch)));
}
process.send('ready');
process.on('disconnect', () => process.exit());
process.on('message', async () => {
  for (const socket of sockets) socket.destroy();
  process.exit();
});
