import { type Command, InvalidArgumentError } from 'commander';
import { LONGEST_TIMER_MS } from '../engine/connection.js';
import { addConnectionOptions, type ConnectionOptions } from '../engine/options.js';
import { type EngineTarget, engineTarget } from '../engine/target.js';
import type { CliIo } from '../io.js';
import { single } from '../single.js';
import { topFrame } from '../status/top-frame.js';
import { EngineWatch, type Reading } from '../status/watch.js';
import { fitToScreen } from '../text/fit.js';
import { LiveScreen } from '../text/live-screen.js';
import { styleOf } from '../text/style.js';
import type { CommandContext } from './context.js';

/** Listings know the connection of this command by it. */
const WORKER_NAME = 'iii-cli:top';
const DEFAULT_INTERVAL_MS = 1_000;
const SHORTEST_INTERVAL_MS = 200;
/** A screen that stands still for longer than this looks broken. */
const LONGEST_ANSWER_MS = 5_000;
/** q, and Ctrl-C where the terminal passes it on as a key. */
const QUIT_KEYS = ['q', 'Q', '\u0003'];

interface TopOptions extends ConnectionOptions {
  readonly interval?: number;
  readonly once?: true;
}

const DETAILS = `
On a terminal, q and Ctrl-C leave. Elsewhere one block is printed each interval. The busiest workers come first;
CALLS are those a worker executes or waits for.

Examples:
  iii top
  iii top --interval 5000 >> engine.log
  iii top --once`;

/** `iii top`: what `iii status` shows, again and again, with rates. */
export function addTopCommand(program: Command, { io }: CommandContext): void {
  const command = program
    .command('top')
    .allowExcessArguments(false)
    .summary('watch how the engine is doing')
    .description('Shows what a running engine is doing, with calls per second, until it is told to stop.')
    .option(
      '--interval <MS>',
      `milliseconds between two looks, at least ${SHORTEST_INTERVAL_MS} (default: ${DEFAULT_INTERVAL_MS})`,
      single(readInterval),
    )
    .option('--once', 'print one block, after one interval, and end');
  addConnectionOptions(command)
    .addHelpText('after', DETAILS)
    .action((options: TopOptions) => new Top(engineTarget(options, io.env), options, io).run());
}

function readInterval(text: string): number {
  const ms = Number(text);
  if (/^\d+$/.test(text) && ms >= SHORTEST_INTERVAL_MS && ms <= LONGEST_TIMER_MS) return ms;
  throw new InvalidArgumentError(
    `Expected a whole number of milliseconds, at least ${SHORTEST_INTERVAL_MS}.`,
  );
}

/** One run of the command. */
class Top {
  readonly #watch: EngineWatch;
  readonly #intervalMs: number;
  readonly #isLive: boolean;
  readonly #live: LiveScreen;
  readonly #stop = new AbortController();
  #last: Reading | undefined;

  constructor(
    private readonly target: EngineTarget,
    private readonly options: TopOptions,
    private readonly io: CliIo,
  ) {
    this.#watch = new EngineWatch(target, WORKER_NAME, options.timeoutMs ?? LONGEST_ANSWER_MS);
    this.#intervalMs = options.interval ?? DEFAULT_INTERVAL_MS;
    this.#isLive = io.isTerminal.stdout && io.env.TERM !== 'dumb';
    this.#live = new LiveScreen(io.stdout);
  }

  /** @throws CliError when there is no engine to begin with. */
  async run(): Promise<void> {
    try {
      const first = await this.#watch.read();
      if (first.kind === 'gone') throw first.error;
      await (this.options.once === true ? this.#once(first) : this.#follow(first));
    } finally {
      await this.#watch.close();
    }
  }

  /** Rates need a second look; an engine that does not count its calls has none. */
  async #once(first: Extract<Reading, { kind: 'there' }>): Promise<void> {
    let reading: Reading = first;
    if ('invocations' in first.snapshot.engine) {
      await this.#pause();
      reading = await this.#watch.read();
      if (reading.kind === 'gone') throw reading.error;
    }
    this.#print(reading);
  }

  async #follow(first: Reading): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const leave = this.io.screen.attend(
      {
        keys: (text) => {
          if (QUIT_KEYS.some((key) => text.includes(key))) this.#stop.abort();
        },
        resized: () => {
          if (this.#isLive) this.#show(this.#last);
        },
        ended: () => this.#stop.abort(),
      },
      this.#isLive,
    );
    try {
      for (let reading: Reading | undefined = first; reading !== undefined; ) {
        this.#show(reading);
        await this.#pause();
        reading = signal.aborted ? undefined : await Promise.race([this.#watch.read(), stopped]);
      }
    } finally {
      this.#live.close();
      leave();
    }
  }

  /** Resolves after an interval, or when it is time to stop. */
  #pause(): Promise<void> {
    const { clock } = this.io;
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.setTimeout(done, this.#intervalMs);
      signal.addEventListener('abort', done);
      function done(): void {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }

  #show(reading: Reading | undefined): void {
    if (reading === undefined) return;
    this.#last = reading;
    if (!this.#isLive) {
      this.#print(reading);
      return;
    }
    const size = this.io.screen.size();
    const { head, table } = this.#frame(reading);
    this.#live.draw(fitToScreen(head, table, size), size);
  }

  #print(reading: Reading): void {
    const { head, table } = this.#frame(reading);
    const at = new Date(this.io.clock.now()).toISOString();
    this.io.stdout(`${[at, ...head, ...table].join('\n').trimEnd()}\n\n`);
  }

  #frame(reading: Reading) {
    return topFrame(reading, {
      place: this.target.place,
      intervalMs: this.#intervalMs,
      nowMs: this.io.clock.now(),
      style: styleOf(this.io, 'stdout'),
    });
  }
}
