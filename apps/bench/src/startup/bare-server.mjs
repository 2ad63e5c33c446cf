import { listen } from 'iii-listener';

/** Node with a port on a driver, and a socket that answers every message: what an engine cannot be smaller than. */
const [driver, port] = process.argv.slice(2);
const ANSWER = '{"type":"invocationresult","invocation_id":"","function_id":""}';

await listen({
  port: Number(port),
  driver,
  audience: 'workers',
  onRequest: (_, response) => response.send(404),
  onUpgrade: () => ({
    accept: (socket) => ({ message: () => void socket.sendText(ANSWER), closed: () => {} }),
  }),
});
