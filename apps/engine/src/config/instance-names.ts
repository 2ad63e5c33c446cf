/** The worker a name stands for: what comes before `#` (cli-config-observability.md §4.1). */
export function typeOf(name: string): string {
  return name.split('#', 1)[0] ?? name;
}

/** Gives every entry a name of its own: the first of a type the bare one, later ones `type#1`, `type#2`, … (§4.3). */
export class InstanceNames {
  readonly #explicit: ReadonlySet<string>;
  readonly #given = new Set<string>();

  /** @param names as declared; those with a `#` keep theirs. */
  constructor(names: readonly string[]) {
    this.#explicit = new Set(names.filter((name) => name.includes('#')));
  }

  /** The instance name of the next entry; undefined when it asks for one that is given away. */
  next(name: string): string | undefined {
    const instance = this.#explicit.has(name) ? name : this.#free(name);
    if (this.#given.has(instance)) return undefined;
    this.#given.add(instance);
    return instance;
  }

  #free(type: string): string {
    let instance = type;
    for (let n = 1; this.#given.has(instance) || this.#explicit.has(instance); n++) instance = `${type}#${n}`;
    return instance;
  }
}
