import type { Driver } from '../drivers.js';
import type { LoadResult } from '../load/latencies.js';
import type { ProfileTarget, RoleProcess } from '../role-process.js';
import type { Running } from '../running.js';
import type { Missing } from '../servers/debian-package.js';
import type { CallTask } from './caller.js';
import type { ClientKind } from './clients.js';
import { type Between, type Middle, openMiddle } from './middle.js';

export interface LineOptions {
  readonly between: Between;
  /** Of engine and relays. */
  readonly driver: Driver;
  readonly client: ClientKind;
  /** Processes that are called. */
  readonly workers: number;
  readonly profile?: ProfileTarget | undefined;
}

/** What a measurement of a line comes to. */
export interface Measured extends LoadResult {
  /** Processor time of what is between, in microseconds for each call. */
  readonly cpuUs: number;
  readonly residentMiB: number;
}

/** A caller, those it calls, and what is between them, each a process. It costs nothing while nobody calls. */
export class Line {
  private constructor(
    private readonly caller: RoleProcess,
    private readonly middle: Middle,
    private readonly options: LineOptions,
  ) {}

  /** `running` ends the processes. */
  static async open(running: Running, options: LineOptions): Promise<Line | Missing> {
    const middle = await openMiddle(running, options);
    return 'missing' in middle ? middle : Line.#over(middle, running, options, 'first');
  }

  static async #over(middle: Middle, running: Running, options: LineOptions, name: string): Promise<Line> {
    const { client, workers } = options;
    const addresses: string[] = [];
    for (let n = 0; n < workers; n++) {
      const args = [client, name, middle.addressOf(name, 'executor')];
      const executor = running.start('executor', 'invoke/executor.ts', args);
      addresses.push((await executor.report<{ address: string }>()).address);
    }
    // Where nothing is between, those who are called tell where they are.
    const targets = middle.isNothing ? addresses : [middle.addressOf(name, 'caller')];
    const caller = running.start('caller', 'invoke/caller.ts', [client, name, ...targets]);
    await caller.report<'ready'>();
    await middle.paired?.();
    return new Line(caller, middle, options);
  }

  /** Where workers reach what is between. */
  get address(): string {
    return this.middle.addressOf('', '');
  }

  /** Another caller with workers of its own, on the same middle. */
  beside(running: Running): Promise<Line> {
    return Line.#over(this.middle, running, this.options, 'second');
  }

  call(task: CallTask): Promise<LoadResult> {
    return this.caller.ask<LoadResult>(task);
  }

  /** As {@link call}, with what was used in between. */
  async measure(task: CallTask): Promise<Measured> {
    const before = await this.middle.usage?.();
    const result = await this.call(task);
    const after = await this.middle.usage?.();
    if (before === undefined || after === undefined) {
      return { ...result, cpuUs: Number.NaN, residentMiB: Number.NaN };
    }
    const cpuUs = ((after.cpuMs - before.cpuMs) * 1_000) / result.calls;
    return { ...result, cpuUs, residentMiB: after.residentBytes / 1024 / 1024 };
  }
}
