/* biome-ignore-all lint/suspicious/noConsole: this is a program for the terminal */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { registerWorker } from 'iii-sdk';
import { type Quickstart, startQuickstart } from './quickstart.js';

const USAGE = `Runs the tutorial: an engine, a worker in Python, a worker in TypeScript, an HTTP route in front,
a running total in the state.

  npm run quickstart                            stays up until Ctrl-C
  npm run quickstart -- --once                  shows that it works and ends
  npm run quickstart -- --ports 49135 3112      on other ports than 49134 and 3111; 0 takes a free one
  npm run quickstart -- --data /var/tmp/sums    keeps the running total there; --once alone keeps it nowhere
`;

interface Arguments {
  readonly once: boolean;
  readonly port: number;
  readonly httpPort: number;
  /** Undefined: that of the project. */
  readonly dataDirectory: string | undefined;
}

/** The arguments, or what is wrong with them. */
function readArguments(args: readonly string[]): Arguments | string {
  let once = false;
  let ports: readonly [number, number] | undefined;
  let dataDirectory: string | undefined;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--once') once = true;
    else if (args[i] === '--ports') {
      const [port, httpPort] = [Number(args[++i]), Number(args[++i])];
      if (![port, httpPort].every((n) => Number.isInteger(n) && n >= 0 && n < 65536)) {
        return '--ports takes two port numbers, for instance --ports 49135 3112';
      }
      ports = [port, httpPort];
    } else if (args[i] === '--data') {
      const directory = args[++i];
      if (directory === undefined) return '--data takes a directory, for instance --data /var/tmp/sums';
      dataDirectory = path.resolve(directory);
    } else return `unknown argument "${args[i]}"`;
  }
  const [port, httpPort] = ports ?? (once ? [0, 0] : [49134, 3111]);
  return { once, port, httpPort, dataDirectory };
}

async function show({ url, httpUrl }: Quickstart): Promise<void> {
  const worker = registerWorker(url, { workerName: 'quickstart' });
  try {
    const sum = await worker.trigger({ function_id: 'math::add', payload: { a: 2, b: 3 } });
    console.log(`math::add a=2 b=3                →  ${JSON.stringify(sum)}`);
    const two = await worker.trigger({ function_id: 'math::add_two_numbers', payload: { a: 10, b: 20 } });
    console.log(`math::add_two_numbers a=10 b=20  →  ${JSON.stringify(two)}`);
  } finally {
    await worker.shutdown();
  }
  const response = await fetch(`${httpUrl}/math/add-two-numbers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ a: 100, b: 200 }),
  });
  console.log(`POST /math/add-two-numbers       →  ${response.status} ${await response.text()}`);
  if (!response.ok) throw new Error(`the HTTP route answered ${response.status}`);
}

function invite({ url, httpUrl }: Quickstart): void {
  console.log(`
Everything runs. In another terminal:

  npx iii trigger math::add a=2 b=3${url.endsWith(':49134') ? '' : ` --url ${url}`}
  curl -X POST ${httpUrl}/math/add-two-numbers -H 'content-type: application/json' -d '{"a":100,"b":200}'

Ctrl-C ends it.`);
}

/** Resolves with the exit status when the program should end. */
function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      let asked = 0;
      process.on(signal, () => {
        asked++;
        if (asked > 1) process.exit(130);
        resolve(0);
      });
    }
  });
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  const read = readArguments(args);
  if (typeof read === 'string') {
    console.error(`${read}\n\n${USAGE}`);
    return 2;
  }
  const ended = untilSignal();
  // What only shows that it works leaves nothing behind, and shares nothing with one that stays up.
  const passing = read.once && read.dataDirectory === undefined;
  const dataDirectory = passing ? mkdtempSync(path.join(os.tmpdir(), 'iii-quickstart-')) : read.dataDirectory;
  try {
    return await run({ ...read, dataDirectory }, ended);
  } finally {
    if (passing && dataDirectory !== undefined) rmSync(dataDirectory, { recursive: true, force: true });
  }
}

async function run(read: Arguments, ended: Promise<number>): Promise<number> {
  const quickstart = await startQuickstart({ ...read, tell: (line) => console.log(line) });
  try {
    await show(quickstart);
    if (read.once) return 0;
    invite(quickstart);
    const end = await Promise.race([ended, quickstart.failed]);
    if (typeof end === 'number') return end;
    console.error(end);
    return 1;
  } finally {
    await quickstart.stop();
  }
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(`Error: ${(error as Error).message}`);
    process.exit(1);
  },
);
