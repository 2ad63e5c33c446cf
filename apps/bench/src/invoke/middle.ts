import type { RoleProcess, Usage } from '../role-process.js';
import type { Running } from '../running.js';
import type { Missing } from '../servers/debian-package.js';
import { startServer } from '../servers/servers.js';
import type { LineOptions } from './line.js';

/** What is between a caller and those it calls. */
export type Between = 'engine' | 'relay' | 'posting relay' | 'nats' | 'nothing';

export interface Middle {
  readonly isNothing: boolean;
  /** Where an end of a line connects. */
  addressOf(line: string, end: string): string;
  readonly usage: (() => Promise<Usage>) | undefined;
  /** Resolves when all ends of a line are there, where they have to be. */
  readonly paired: (() => Promise<unknown>) | undefined;
}

export async function openMiddle(running: Running, options: LineOptions): Promise<Middle | Missing> {
  const { between, driver, workers, profile } = options;
  switch (between) {
    case 'nothing':
      return { isNothing: true, addressOf: () => '', usage: undefined, paired: undefined };
    case 'nats': {
      const server = await startServer('nats-server');
      if ('missing' in server) return server;
      running.own(server);
      return {
        isNothing: false,
        addressOf: () => `nats://127.0.0.1:${server.port}`,
        usage: () => server.usage(),
        paired: undefined,
      };
    }
    case 'engine': {
      const role = running.start('engine', 'engine-process.ts', [driver], profile);
      const address = await addressOf(role);
      return { isNothing: false, addressOf: () => address, usage: () => role.usage(), paired: undefined };
    }
    default: {
      const way = between === 'relay' ? 'send' : 'post';
      const role = running.start('relay', 'invoke/relay.ts', [driver, way, String(workers)], profile);
      const address = await addressOf(role);
      return {
        isNothing: false,
        // The relay tells its clients apart by the path; the engine takes workers on `/`.
        addressOf: (line, end) => `${address}${line}/${end}`,
        usage: () => role.usage(),
        paired: () => role.report<'paired'>(),
      };
    }
  }
}

async function addressOf(role: RoleProcess): Promise<string> {
  const { port } = await role.report<{ port: number }>();
  return `ws://127.0.0.1:${port}/`;
}
