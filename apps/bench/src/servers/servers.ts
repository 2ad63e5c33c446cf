import os from 'node:os';
import path from 'node:path';
import { debianProgram, type Missing, type Program } from './debian-package.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server-process.js';

/** Servers other benchmarks compare with. */
export type ServerName = 'nats-server' | 'redis-server';

interface Recipe {
  /** How to listen on a port of the loopback, in the foreground. */
  readonly args: (port: number) => readonly string[];
  /** What it prints when it can be connected to. */
  readonly ready: RegExp;
}

const RECIPES: Readonly<Record<ServerName, Recipe>> = {
  'nats-server': {
    args: (port) => ['--addr', '127.0.0.1', '--port', String(port)],
    ready: /Server is ready/,
  },
  'redis-server': {
    args: (port) => ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--daemonize', 'no'],
    ready: /Ready to accept connections/,
  },
};

/** Where servers are kept between runs. */
export const SERVER_CACHE = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
  'iii-bench',
);

/**
 * Fetches a server from Debian where it is not there yet, and starts it on a free port.
 *
 * @param args further arguments, such as those that choose how durable it is; they come last and so win.
 */
export async function startServer(
  name: ServerName,
  args: readonly string[] = [],
): Promise<ServerProcess | Missing> {
  const program = await debianProgram(name, { cache: SERVER_CACHE });
  return 'missing' in program ? program : startProgram(name, program, args);
}

/** As {@link startServer}, with a program that is there. */
export async function startProgram(
  name: ServerName,
  program: Program,
  args: readonly string[],
): Promise<ServerProcess | Missing> {
  const recipe = RECIPES[name];
  try {
    const port = await freePort();
    return await ServerProcess.start({
      name,
      program,
      port,
      args: [...recipe.args(port), ...args],
      ready: recipe.ready,
    });
  } catch (error) {
    return { missing: (error as Error).message };
  }
}
