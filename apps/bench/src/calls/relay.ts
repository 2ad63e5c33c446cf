import { type DriverName, listen, type Socket } from 'iii-listener';
import { tellUsage } from '../role-process.js';

/**
 * The baseline: the caller's socket and the executor's, and what comes on one is sent on the other, not looked at.
 * The clients believe it is an engine: they are greeted, and what they announce until both are there is dropped.
 */
const GREETING = JSON.stringify({
  type: 'workerregistered',
  worker_id: '00000000-0000-4000-8000-000000000001',
  reattach_token: '00000000-0000-4000-8000-000000000002',
});

const sockets = new Map<string, Socket>();
const announced = new Set<string>();

const listener = await listen({
  port: 0,
  driver: process.argv[2] as DriverName,
  audience: 'workers',
  onRequest: (_, response) => response.send(404),
  onUpgrade: ({ path }) => {
    const other = path === '/caller' ? '/executor' : '/caller';
    return {
      accept: (socket) => {
        sockets.set(path, socket);
        socket.sendText(GREETING);
        return {
          message: (data) => {
            if (announced.size === 2) sockets.get(other)?.sendText(data);
            else if (announced.add(path).size === 2) process.send?.('paired');
          },
          closed: () => void sockets.delete(path),
        };
      },
    };
  },
});

tellUsage();
process.send?.({ port: listener.port });
