import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { CallsBenchOptions } from './calls/bench.js';
import type { ChannelBenchOptions } from './channel/bench.js';
import type { Driver } from './drivers.js';
import type { HttpBenchOptions } from './http/bench.js';

export const HELP = `pnpm bench <what> [options]: measures this engine beside a baseline, in one run on this machine.

  channel    bytes through one channel, beside a bare relay between the same ends
  calls      processor time and latency of a call, beside a bare relay between the same ends
  http       a JSON echo behind a function, beside fastify alone and fastify that asks another process

Options of all:
  --driver <uws|node>         only this driver (default: both)
  --rounds <n>                measurements of each kind; the median counts (default 3)
  --profile <dir>             write a processor profile of each engine into <dir> and tell the largest costs;
                              the figures of such a run are too high

channel:
  --chunk <bytes>             size of each write (default 65536)
  --mib <n>                   MiB per transfer (default 1024)

calls, http:
  --seconds <n>               seconds each side is measured in a round, in turns (default 4)

calls:
  --in-flight <n>             calls in flight where throughput counts (default 64)
  --client <own|official>     SDK of caller and executor: ours, or iii-sdk of the npm registry (default own)

http:
  --connections <n>           connections, each with one request at a time (default 64)

Examples:
  pnpm bench channel --driver uws --chunk 1024 --mib 128
  pnpm bench calls
  pnpm bench calls --client official --driver node
  pnpm bench http --connections 256 --rounds 5
  pnpm bench http --driver uws --rounds 1 --profile profiles
`;

type Silent<Options> = Omit<Options, 'tell'>;

/** What a command line asks for. */
export type Command =
  | { readonly what: 'help'; readonly status: 0 | 2 }
  | { readonly what: 'channel'; readonly options: Silent<ChannelBenchOptions> }
  | { readonly what: 'calls'; readonly options: Silent<CallsBenchOptions> }
  | { readonly what: 'http'; readonly options: Silent<HttpBenchOptions> };

const ALL = {
  driver: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  profile: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

const SECONDS = { seconds: { type: 'string', default: '4' } } as const;

/** @throws Error naming the argument, and what it should be. */
export function readCommand(args: readonly string[]): Command {
  if (args.includes('--help') || args.includes('-h')) return { what: 'help', status: 0 };
  const [what, ...rest] = args[0] === '--' ? args.slice(1) : args;
  switch (what) {
    case undefined:
      return { what: 'help', status: 2 };
    case 'channel': {
      const options = {
        ...ALL,
        chunk: { type: 'string', default: '65536' },
        mib: { type: 'string', default: '1024' },
      } as const;
      const { values } = parseArgs({ args: rest, options });
      const totalBytes = count('mib', values.mib) * 1024 * 1024;
      return {
        what,
        options: {
          ...common(values),
          chunkBytes: count('chunk', values.chunk),
          totalBytes,
        },
      };
    }
    case 'calls': {
      const options = {
        ...ALL,
        ...SECONDS,
        'in-flight': { type: 'string', default: '64' },
        client: { type: 'string', default: 'own' },
      } as const;
      const { values } = parseArgs({ args: rest, options });
      const client = oneOf('client', values.client, ['own', 'official']);
      const inFlight = count('in-flight', values['in-flight']);
      return {
        what,
        options: { ...common(values), client, inFlight, seconds: count('seconds', values.seconds) },
      };
    }
    case 'http': {
      const options = { ...ALL, ...SECONDS, connections: { type: 'string', default: '64' } } as const;
      const { values } = parseArgs({ args: rest, options });
      const connections = count('connections', values.connections);
      return { what, options: { ...common(values), connections, seconds: count('seconds', values.seconds) } };
    }
    default:
      throw new Error(`"${what}" is no benchmark. There are: channel, calls, http`);
  }
}

interface CommonValues {
  readonly driver?: string | undefined;
  readonly rounds: string;
  readonly profile?: string | undefined;
}

function common({ driver, rounds, profile }: CommonValues) {
  const drivers: readonly Driver[] =
    driver === undefined ? ['uws', 'node'] : [oneOf('driver', driver, ['uws', 'node'])];
  return { drivers, rounds: count('rounds', rounds), ...(profile === undefined ? {} : { profile }) };
}

function oneOf<const T extends string>(name: string, value: string, possible: readonly T[]): T {
  const found = possible.find((one) => one === value);
  if (found !== undefined) return found;
  throw new Error(`--${name} is "${value}", which is none of: ${possible.join(', ')}`);
}

function count(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} is "${value}", which is no whole number above 0`);
}
