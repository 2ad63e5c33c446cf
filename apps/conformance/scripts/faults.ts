/** The long versions of the tests under faults. `npm run faults -- --help` says what there is. */
import { parseArgs } from 'node:util';
import { type Driver, EngineProcess } from '../src/engine-process.js';
import { SCENARIOS } from './scenarios.js';

const HELP = `Runs the engine under faults, and says how it did.

npm run faults -- [scenario...] [options]

Scenarios (default: all of them)
${Object.entries(SCENARIOS)
  .map(([name, { title }]) => `  ${name.padEnd(14)} ${title}`)
  .join('\n')}

Options
  --rounds <n>        rounds of "cut" (200), and a tenth as many of "churn"
  --rate <n>          calls a second of "rolling" (2000)
  --connections <n>   connections of "idle" and "http" (10000), the latter with a tenth
                      as many slow uploads and downloads; a tenth of it in "stream"
  --seed <n>          what is drawn follows from it (random)
  --driver <name>     node or uws (both)
  --help              this text

It ends by itself, with 1 when something was wrong.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '200' },
    rate: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    driver: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function driversOf(asked: string | undefined): Driver[] {
  if (asked === undefined) return ['node', 'uws'];
  if (asked === 'node' || asked === 'uws') return [asked];
  throw new Error(`--driver is ${JSON.stringify(asked)}: it is node or uws`);
}

function positive(name: 'rounds' | 'rate' | 'connections' | 'seed'): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} is ${JSON.stringify(values[name])}: it is a whole number above 0`);
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  // The official client tells of every connection it makes.
  for (const method of ['debug', 'info', 'warn'] as const) console[method] = () => {};
  const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
  const sizes = {
    rounds: positive('rounds'),
    rate: positive('rate'),
    connections: positive('connections'),
    seed: positive('seed'),
  };
  const summary: string[] = [];
  let failed = 0;
  for (const name of names) {
    const scenario = SCENARIOS[name];
    if (scenario === undefined) {
      throw new Error(`there is no scenario ${name}: there are ${Object.keys(SCENARIOS).join(', ')}`);
    }
    for (const driver of driversOf(values.driver)) {
      const label = `${name} on ${driver}`;
      process.stdout.write(`${label}\n`);
      const engine = await EngineProcess.start({ driver, ...scenario.engine });
      try {
        const { figures, wrong } = await scenario.run({
          engine,
          sizes,
          progress: (line) => void process.stdout.write(`  ${line}\n`),
        });
        failed += wrong.length === 0 ? 0 : 1;
        summary.push(`${wrong.length === 0 ? 'ok   ' : 'WRONG'} ${label}: ${figures}`);
        for (const line of wrong) summary.push(`        ${line}`);
      } finally {
        await engine.stop();
      }
    }
  }
  process.stdout.write(`\nseed ${sizes.seed}\n${summary.join('\n')}\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
