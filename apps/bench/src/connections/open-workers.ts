import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Handshakes under way at a time; the kernel keeps no more than some hundred waiting. */
const AT_A_TIME = 64;

const ANNOUNCEMENT = JSON.stringify({
  type: 'invokefunction',
  function_id: 'engine::workers::register',
  data: { name: 'idle', pid: 1, runtime: 'node', version: '0.0.0' },
  action: { type: 'void' },
});

/** Connects so many workers by bare sockets, which cost this process less than clients. Resolves when all are greeted. */
export async function openWorkers(address: string, count: number): Promise<readonly WebSocket[]> {
  const sockets: WebSocket[] = [];
  const connectSome = async () => {
    while (sockets.length < count) {
      const socket = new WebSocket(address, { perMessageDeflate: false });
      sockets.push(socket);
      await once(socket, 'message');
      socket.send(ANNOUNCEMENT);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, connectSome));
  return sockets;
}
