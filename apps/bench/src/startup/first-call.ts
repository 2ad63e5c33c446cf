import { WebSocket } from 'ws';

/** Between two attempts to connect. */
const RETRY_MS = 1;
const GIVE_UP_MS = 30_000;

const CALL = JSON.stringify({
  type: 'invokefunction',
  invocation_id: '00000000-0000-4000-8000-000000000001',
  function_id: 'engine::workers::list',
  data: {},
});

/** Connects as soon as that is possible, and resolves when a call has been answered. */
export async function firstCall(address: string): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  while (!(await attempt(address))) {
    if (performance.now() > deadline) throw new Error(`${address} has not answered within ${GIVE_UP_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Whether there was anybody to ask, and an answer. */
function attempt(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, { perMessageDeflate: false });
    socket.on('open', () => socket.send(CALL));
    socket.on('message', (data: Buffer) => {
      if (!data.includes('"invocationresult"')) return;
      socket.terminate();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}
