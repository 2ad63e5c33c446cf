import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { ChannelBenchOptions } from './channel/bench.js';
import type { Driver } from './drivers.js';
import type { HttpBenchOptions } from './http/bench.js';
import { SUITE, type SuiteName } from './suite.js';

export const HELP = `pnpm bench <what> [options]: measures this engine beside a baseline, in one run on this machine.

  invoke       calls of a function in another process: rate, latency, and what they cost
  fanout       one trigger that is bound to 1,000 functions
  connections  10,000 workers that are connected and silent
  startup      from the start of \`iii\` to its first served call, and its memory when idle
  churn        workers that come, offer 100 functions, and leave
  growth       calls while the engine holds many functions, bindings, connections
  large        what 16 MiB a second do to the small calls of others
  state        state::set and state::get, beside a worker that does the same with Redis
  channel      bytes through one channel, beside a bare relay between the same ends
  http         a JSON echo behind a function, beside fastify alone and fastify that asks another process
  --all        all of these, one after the other, except channel and http

Options of all:
  --driver <uws|node>         only this driver (default: both)
  --rounds <n>                measurements of each kind; the median counts (default 3)
  --profile <dir>             write a processor profile of each engine into <dir> and tell the largest costs;
                              the figures of such a run are too high (invoke, channel, http)

All but channel and http:
  --quick                     everything once and small, to see that it works; the figures mean nothing
  --json                      print everything that was measured, as JSON
  --write                     keep the result in apps/bench/results, and its tables in apps/bench/RESULTS.md

invoke:
  --in-flight <n,n>           calls in flight (default 1,16,64,256)
  --payload <bytes,bytes>     sizes of payload and result (default 64,1024,65536,1048576)
  --workers <n,n>             workers that offer the function (default 1,4)
  --every                     every combination of these, instead of one thing at a time
  --ms <n>                    milliseconds of each turn (default 700)

channel:
  --chunk <bytes>             size of each write (default 65536)
  --mib <n>                   MiB per transfer (default 1024)

http:
  --connections <n>           connections, each with one request at a time (default 64)
  --seconds <n>               seconds each side is measured in a round, in turns (default 4)

Examples:
  pnpm bench invoke
  pnpm bench invoke --driver uws --in-flight 64 --payload 1024 --workers 1
  pnpm bench invoke --in-flight 64 --payload 64 --workers 1 --rounds 1 --profile profiles
  pnpm bench startup --json
  pnpm bench --all --write
  pnpm bench --all --quick
  pnpm bench channel --driver uws --chunk 1024 --mib 128
  pnpm bench http --connections 256 --rounds 5
`;

type Silent<Options> = Omit<Options, 'tell'>;

/** What the benchmarks of the suite are told. */
export interface SuiteOptions {
  readonly drivers: readonly Driver[];
  readonly rounds: number;
  readonly profile?: string;
  readonly quick: boolean;
  readonly invoke: {
    readonly inFlight: readonly number[];
    readonly payloads: readonly number[];
    readonly workers: readonly number[];
    readonly all: boolean;
    readonly turnMs: number;
  };
}

/** What a command line asks for. */
export type Command =
  | { readonly what: 'help'; readonly status: 0 | 2 }
  | { readonly what: 'channel'; readonly options: Silent<ChannelBenchOptions> }
  | { readonly what: 'http'; readonly options: Silent<HttpBenchOptions> }
  | {
      readonly what: 'suite';
      readonly names: readonly SuiteName[];
      readonly options: SuiteOptions;
      readonly json: boolean;
      readonly write: boolean;
    };

const ALL = {
  driver: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  profile: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

/** @throws Error naming the argument, and what it should be. */
export function readCommand(args: readonly string[]): Command {
  if (args.includes('--help') || args.includes('-h')) return { what: 'help', status: 0 };
  const [what, ...rest] = args[0] === '--' ? args.slice(1) : args;
  switch (what) {
    case undefined:
      return { what: 'help', status: 2 };
    case 'channel':
      return readChannel(rest);
    case 'http':
      return readHttp(rest);
    // Without a name, everything small is what is left to mean.
    case '--quick':
      return readSuite(SUITE, [what, ...rest]);
    case '--all':
      return readSuite(SUITE, rest);
    default: {
      const name = SUITE.find((one) => one === what);
      if (name !== undefined) return readSuite([name], rest);
      throw new Error(`"${what}" is no benchmark. There are: ${[...SUITE, 'channel', 'http'].join(', ')}`);
    }
  }
}

function readChannel(args: string[]): Command {
  const options = {
    ...ALL,
    chunk: { type: 'string', default: '65536' },
    mib: { type: 'string', default: '1024' },
  } as const;
  const { values } = parseArgs({ args, options });
  const totalBytes = count('mib', values.mib) * 1024 * 1024;
  const chunkBytes = count('chunk', values.chunk);
  return { what: 'channel', options: { ...common(values), chunkBytes, totalBytes } };
}

function readHttp(args: string[]): Command {
  const options = {
    ...ALL,
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '4' },
  } as const;
  const { values } = parseArgs({ args, options });
  const connections = count('connections', values.connections);
  return {
    what: 'http',
    options: { ...common(values), connections, seconds: count('seconds', values.seconds) },
  };
}

const OF_INVOKE = {
  'in-flight': { type: 'string' },
  payload: { type: 'string' },
  workers: { type: 'string' },
  every: { type: 'boolean' },
  ms: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

function readSuite(names: readonly SuiteName[], args: string[]): Command {
  const flag = { type: 'boolean', default: false } as const;
  const options = { ...ALL, ...OF_INVOKE, quick: flag, json: flag, write: flag };
  const { values } = parseArgs({ args, options });
  const strange = Object.keys(OF_INVOKE).find((name) => Object.hasOwn(values, name));
  if (strange !== undefined && !names.includes('invoke')) {
    throw new Error(`--${strange} is for invoke only, not for ${names.join(', ')}`);
  }
  const { quick, json, write } = values;
  if (quick && write) throw new Error('--quick measures nothing that is worth keeping: leave out --write');
  const invoke = {
    inFlight: counts('in-flight', values['in-flight'] ?? '1,16,64,256'),
    payloads: counts('payload', values.payload ?? '64,1024,65536,1048576'),
    workers: counts('workers', values.workers ?? '1,4'),
    all: values.every ?? false,
    turnMs: count('ms', values.ms ?? '700'),
  };
  const given = common(values);
  // One driver is enough to see that it works.
  const drivers = quick ? given.drivers.slice(0, 1) : given.drivers;
  return { what: 'suite', names, json, write, options: { ...given, drivers, quick, invoke } };
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

function counts(name: string, value: string): number[] {
  return value.split(',').map((each) => count(name, each));
}
