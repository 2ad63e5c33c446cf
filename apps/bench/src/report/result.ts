/** One measurement of one subject: its figures, by key. */
export type Sample = Readonly<Record<string, number>>;

/** A column of a table. */
export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
}

/** A subject or a baseline with all its measurements, in the order they were made. */
export interface Series {
  readonly subject: string;
  readonly samples: readonly Sample[];
  /** Why it could not be measured. */
  readonly missing?: string;
}

/** What was measured under the same conditions: a table. */
export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly series: readonly Series[];
  /** Subject the others are put in relation to, by one figure. */
  readonly baseline?: { readonly subject: string; readonly figure: string };
}

/** Everything one benchmark has found out. */
export interface Result {
  readonly bench: string;
  readonly sections: readonly Section[];
  /** Whether targets are met, in words. */
  readonly verdicts: readonly string[];
}

/** Samples by subject, gathered while a benchmark runs. */
export class Gathering {
  readonly #samples = new Map<string, Sample[]>();
  readonly #missing = new Map<string, string>();

  add(subject: string, sample: Sample): void {
    const samples = this.#samples.get(subject);
    if (samples === undefined) this.#samples.set(subject, [sample]);
    else samples.push(sample);
  }

  miss(subject: string, why: string): void {
    this.#missing.set(subject, why);
  }

  /** The figures of a subject, in order. */
  of(subject: string, figure: string): number[] {
    return (this.#samples.get(subject) ?? []).map((sample) => sample[figure] ?? Number.NaN);
  }

  series(): Series[] {
    const measured = [...this.#samples].map(([subject, samples]) => ({ subject, samples }));
    const missing = [...this.#missing].map(([subject, why]) => ({ subject, samples: [], missing: why }));
    return [...measured, ...missing];
  }
}
