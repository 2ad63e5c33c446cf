import { type Change, type Declared, type Diff, diff } from '../diff.js';
import { errorOf, type Outcome, type Part } from './part.js';

/** One thing to do to get from what runs to what should. */
export interface Step {
  readonly instance: string;
  /** Never rejects. */
  run(): Promise<Outcome>;
}

/** The steps of a change, in the order in which ports become free before others want them. */
export interface Steps {
  readonly removals: readonly Step[];
  readonly changes: readonly Step[];
  readonly additions: readonly Step[];
  readonly unchanged: number;
}

/** Everything of a kind that runs, by instance name, and why the rest of what should run does not. */
export class Parts<Planned extends Declared, Running extends Part<Planned>> {
  readonly #running = new Map<string, Running>();
  readonly #problems = new Map<string, string>();

  constructor(private readonly begin: (planned: Planned) => Promise<Running>) {}

  /** In the order in which they started. */
  get running(): Running[] {
    return [...this.#running.values()];
  }

  /** Why not everything runs as it should; empty when it does. */
  get reasons(): string[] {
    const gaps = this.running.filter((part) => !part.isRunning && !this.#problems.has(part.planned.instance));
    return [
      ...[...this.#problems].map(([instance, problem]) => `${instance}: ${problem}`),
      ...gaps.map((part) => `${part.planned.instance}: restarting`),
    ];
  }

  /** @throws whatever kept the part from starting. */
  async add(planned: Planned): Promise<void> {
    this.#running.set(planned.instance, await this.begin(planned));
  }

  /** What a wanted configuration asks for. Problems are over for what it does not have, or has as it runs. */
  steps(wanted: readonly Planned[]): Steps {
    const { added, removed, changed, unchanged }: Diff<Planned> = diff(
      this.running.map(({ planned }) => planned),
      wanted,
    );
    const open = new Set([...added, ...changed.map(({ after }) => after)].map(({ instance }) => instance));
    for (const instance of this.#problems.keys()) if (!open.has(instance)) this.#problems.delete(instance);
    for (const { instance } of added) this.#problems.set(instance, 'starting');
    return {
      removals: removed.map(({ instance }) => ({ instance, run: () => this.#remove(instance) })),
      changes: changed.map((change) => ({
        instance: change.after.instance,
        run: () => this.#change(change),
      })),
      additions: added.map((planned) => ({ instance: planned.instance, run: () => this.#add(planned) })),
      unchanged: unchanged.length,
    };
  }

  async #remove(instance: string): Promise<Outcome> {
    const part = this.#running.get(instance);
    this.#running.delete(instance);
    try {
      await part?.stop();
      return { kind: 'done' };
    } catch (error) {
      return { kind: 'lost', error: errorOf(error) };
    }
  }

  async #change({ after }: Change<Planned>): Promise<Outcome> {
    const part = this.#running.get(after.instance);
    if (part === undefined) return this.#add(after);
    const outcome = await part.change(after);
    if (outcome.kind === 'lost') this.#running.delete(after.instance);
    return this.#noted(after.instance, outcome);
  }

  async #add(planned: Planned): Promise<Outcome> {
    try {
      await this.add(planned);
      return this.#noted(planned.instance, { kind: 'done' });
    } catch (error) {
      return this.#noted(planned.instance, { kind: 'lost', error: errorOf(error) });
    }
  }

  #noted(instance: string, outcome: Outcome): Outcome {
    if (outcome.kind === 'done') this.#problems.delete(instance);
    else this.#problems.set(instance, describe(outcome));
    return outcome;
  }
}

/** How a failed step left things, in words. */
export function describe(outcome: Exclude<Outcome, { kind: 'done' }>): string {
  const state = outcome.kind === 'kept' ? 'runs with its configuration of before' : 'does not run';
  return `${state}: ${outcome.error.message}`;
}
