/**
 * One replica of a function. It writes the number of every call it starts into a file, which survives it. Told to
 * drain, it withdraws the function, finishes what it was given, and leaves.
 *
 * It speaks the protocol by hand: the official client forgets a function as soon as it withdraws it, and answers calls
 * that are on their way by then with `function_not_found`.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';

const [url, functionId, delayMs, log] = process.argv.slice(2);
const started = openSync(log, 'a');
const socket = new WebSocket(url);
let running = 0;
let idle = () => {};
let settle = () => {};

const send = (frame) => socket.send(JSON.stringify(frame));

/** The engine handles what one connection sends in order: an answer means that all before it counts. */
function settled() {
  send({ type: 'ping' });
  return new Promise((resolve) => (settle = resolve));
}

async function execute({ invocation_id, function_id, data }) {
  running++;
  writeSync(started, `${data.n}\n`);
  await setTimeout(Number(delayMs));
  send({ type: 'invocationresult', invocation_id, function_id, result: process.pid });
  running--;
  if (running === 0) idle();
}

socket.on('message', (text) => {
  const frame = JSON.parse(text);
  if (frame.type === 'pong') settle();
  if (frame.type === 'invokefunction') execute(frame);
});

socket.on('open', async () => {
  send({
    type: 'invokefunction',
    function_id: 'engine::workers::register',
    data: { name: `replica-${process.pid}`, pid: process.pid },
    action: { type: 'void' },
  });
  send({ type: 'registerfunction', id: functionId });
  await settled();
  process.send('ready');
});

process.on('message', async () => {
  send({ type: 'unregisterfunction', id: functionId });
  await settled();
  if (running > 0) await new Promise((resolve) => (idle = resolve));
  await settled();
  socket.close(1000);
});
socket.on('close', () => process.exit());
process.on('disconnect', () => process.exit());
