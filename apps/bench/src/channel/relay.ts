import { type DriverName, listen, type Socket } from 'iii-listener';
import { tellUsage } from '../role-process.js';

/**
 * The baseline: two sockets, and everything that comes on one is sent on the other, not looked at. The ends agree
 * among themselves how far the writer may go, as they do with the engine.
 */
const PROTOCOL = 'iii.channel.v1+credit';

interface Pair {
  readonly sockets: Map<string, Socket>;
  readonly early: Array<readonly [data: Uint8Array, isBinary: boolean]>;
}

const pairs = new Map<string, Pair>();

const listener = await listen({
  port: 0,
  driver: process.argv[2] as DriverName,
  audience: 'workers',
  onRequest: (_, response) => response.send(404),
  onUpgrade: ({ path, query }) => {
    const pair = pairs.get(path) ?? { sockets: new Map<string, Socket>(), early: [] };
    pairs.set(path, pair);
    const [own, other] = query.endsWith('dir=write') ? ['write', 'read'] : ['read', 'write'];
    return {
      protocol: PROTOCOL,
      accept: (socket) => {
        pair.sockets.set(own, socket);
        for (const [data, isBinary] of own === 'read' ? pair.early.splice(0) : [])
          forward(socket, data, isBinary);
        return {
          message: (data, isBinary) => {
            const peer = pair.sockets.get(other);
            if (peer === undefined) pair.early.push([data, isBinary]);
            else forward(peer, data, isBinary);
          },
          closed: (code, reason) => {
            pair.sockets.get(other)?.close(code === 1005 || code === 1006 ? 1000 : code, reason);
            pairs.delete(path);
          },
        };
      },
    };
  },
});

function forward(to: Socket, data: Uint8Array, isBinary: boolean): void {
  if (isBinary) to.sendBinary(data);
  else to.sendText(data);
}

tellUsage();
process.send?.({ port: listener.port });
