/**
 * A worker that is flooded with calls nobody waits for, and whoever floods it. Told `stop reading`, the worker no longer
 * reads; told `read`, it does again. Says when the engine has dropped it, with what it finds then; a new one takes its place when it is told `again`.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';

const [url, functionId, chunkBytes, everyMs] = process.argv.slice(2);
const NOBODY_WAITS = { action: { type: 'void' } };
const invoke = (function_id, data, more) =>
  JSON.stringify({ type: 'invokefunction', function_id, data, ...more });

async function connect() {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return socket;
}

let worker;

async function startWorker() {
  worker = await connect();
  worker.send(invoke('engine::workers::register', { name: 'flooded', pid: process.pid }, NOBODY_WAITS));
  worker.send(JSON.stringify({ type: 'registerfunction', id: functionId }));
  // Listened to without a break: several messages may come in one turn.
  const heard = new Promise((resolve) => {
    worker.on('message', function hear(text) {
      if (JSON.parse(String(text)).type !== 'pong') return;
      worker.off('message', hear);
      resolve();
    });
  });
  worker.send('{"type":"ping"}');
  await heard;
  worker.on('close', (code) => process.send({ code }));
  process.send('flooded');
}

const flooder = await connect();
const chunk = invoke(functionId, 'x'.repeat(Number(chunkBytes)), NOBODY_WAITS);
let sentBytes = 0;
let isStuck = false;
await startWorker();
setInterval(() => {
  flooder.send(chunk);
  sentBytes += chunk.length;
}, Number(everyMs));
// Whether the worker is still there.
setInterval(() => {
  if (!isStuck) return;
  const invocation_id = crypto.randomUUID();
  flooder.send(invoke('engine::functions::list', { prefix: functionId }, { invocation_id }));
}, 20);
flooder.on('message', (text) => {
  const { type, result } = JSON.parse(String(text));
  if (!isStuck || type !== 'invocationresult' || result.functions.length > 0) return;
  isStuck = false;
  process.send({ sentBytes });
});
process.on('message', async (message) => {
  if (message === 'again') await startWorker();
  if (message === 'read') worker.resume();
  if (message !== 'stop reading') return;
  worker.pause();
  isStuck = true;
  sentBytes = 0;
});
process.on('disconnect', () => process.exit());
