import { type DriverName, listen, type Socket } from 'iii-listener';
import { tellUsage } from '../role-process.js';

/**
 * The baseline: what comes on the caller’s socket is sent on an executor’s, in turn, and back, not looked at. `send`:
 * each message by itself, as it comes. `post`: those of one turn of the event loop together, as the engine does.
 * The clients believe it is an engine: they are greeted, and what they announce until all are there is dropped.
 */
const GREETING = JSON.stringify({
  type: 'workerregistered',
  worker_id: '00000000-0000-4000-8000-000000000001',
  reattach_token: '00000000-0000-4000-8000-000000000002',
});

const [driver, way, workers] = process.argv.slice(2);
const forward = (to: Socket, data: Uint8Array) =>
  void (way === 'post' ? to.postText(data) : to.sendText(data));

interface Pair {
  caller: Socket | undefined;
  readonly executors: Socket[];
  readonly announced: Set<Socket>;
  turn: number;
}

const pairs = new Map<string, Pair>();

function pairOf(line: string): Pair {
  const pair = pairs.get(line) ?? { caller: undefined, executors: [], announced: new Set(), turn: 0 };
  pairs.set(line, pair);
  return pair;
}

const listener = await listen({
  port: 0,
  driver: driver as DriverName,
  audience: 'workers',
  onRequest: (_, response) => response.send(404),
  onUpgrade: ({ path }) => ({
    accept: (socket) => {
      const [, line = '', end] = path.split('/');
      const pair = pairOf(line);
      const { executors, announced } = pair;
      const isCaller = end === 'caller';
      if (isCaller) pair.caller = socket;
      else executors.push(socket);
      const isPaired = () => announced.size === Number(workers) + 1;
      socket.sendText(GREETING);
      return {
        message: (data) => {
          if (!isPaired()) {
            announced.add(socket);
            if (isPaired()) process.send?.('paired');
            return;
          }
          const to = isCaller ? executors[pair.turn++ % executors.length] : pair.caller;
          if (to !== undefined) forward(to, data);
        },
        closed: () => {},
      };
    },
  }),
});

tellUsage();
process.send?.({ port: listener.port });
