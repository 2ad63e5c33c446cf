import { type DriverName, listen } from 'iii-listener';
import { tellUsage } from '../role-process.js';

/** What a connection costs below the engine: a socket that is greeted, and nothing more. */
const listener = await listen({
  port: 0,
  driver: process.argv[2] as DriverName,
  audience: 'workers',
  onRequest: (_, response) => response.send(404),
  onUpgrade: () => ({
    accept: (socket) => {
      socket.sendText('{"type":"workerregistered","worker_id":"00000000-0000-4000-8000-000000000001"}');
      return { message: () => {}, closed: () => {} };
    },
  }),
});

tellUsage();
process.send?.({ port: listener.port });
