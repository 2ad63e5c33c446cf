/** A processor profile as V8 writes it. */
export interface Profile {
  readonly nodes: ReadonlyArray<{ readonly id: number; readonly callFrame: CallFrame }>;
  /** Node at the top of the stack, by sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Time spent in a function itself, without what it calls. */
export interface Cost {
  readonly frame: CallFrame;
  readonly us: number;
  /** Of all the time that was not idle, from 0 to 1. */
  readonly share: number;
}

/** What the time went into, largest first. Idle time is left out. */
export function costsOf({ nodes, samples, timeDeltas }: Profile): Cost[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, { readonly frame: CallFrame; us: number }>();
  let total = 0;
  samples.forEach((id, at) => {
    const frame = frames.get(id);
    const us = timeDeltas[at] ?? 0;
    if (frame === undefined || frame.functionName === '(idle)') return;
    total += us;
    const key = `${frame.functionName} ${frame.url}:${frame.lineNumber}:${frame.columnNumber}`;
    const cost = byFunction.get(key);
    if (cost === undefined) byFunction.set(key, { frame, us });
    else cost.us += us;
  });
  return [...byFunction.values()]
    .sort((a, b) => b.us - a.us)
    .map(({ frame, us }) => ({ frame, us, share: us / total }));
}

/** The same by where the code comes from, largest first. */
export function costsByOrigin(
  costs: readonly Cost[],
): ReadonlyArray<readonly [origin: string, share: number]> {
  const shares = new Map<string, number>();
  for (const { frame, share } of costs) {
    const origin = originOf(frame);
    shares.set(origin, (shares.get(origin) ?? 0) + share);
  }
  return [...shares].sort(([, a], [, b]) => b - a);
}

/** Package, `node` for its own modules, or what V8 calls it, such as `(garbage collector)`. */
export function originOf({ url, functionName }: CallFrame): string {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  const own = /\/((?:packages|apps)\/[^/]+)\//.exec(url)?.[1];
  if (own !== undefined) return own;
  if (url.startsWith('node:')) return 'node';
  return functionName.startsWith('(') ? functionName : 'native';
}
