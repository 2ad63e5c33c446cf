export const FUNCTIONS = ['f::a', 'f::b', 'f::c'] as const;
export const TYPES = ['type-a', 'type-b'] as const;
export const IDS = ['b-0', 'b-1', 'b-2', 'b-3'] as const;

/** One step of a schedule. Numbers choose among what there is at that time. */
export type Step =
  | { readonly do: 'connect' | 'reattach'; readonly who: number; readonly announcesFirst: boolean }
  | { readonly do: 'announce' | 'cut' | 'stopReading' | 'drop'; readonly who: number }
  | { readonly do: 'offer' | 'withdraw' | 'serve' | 'unserve'; readonly who: number; readonly what: number }
  | { readonly do: 'bind'; readonly who: number; readonly what: number; readonly how: number }
  | { readonly do: 'unbind'; readonly who: number; readonly what: number }
  | { readonly do: 'call'; readonly who: number; readonly what: number; readonly deadline: boolean }
  | {
      readonly do: 'cancel' | 'answer' | 'answerTwice' | 'forge';
      readonly who: number;
      readonly what: number;
    }
  | { readonly do: 'wait'; readonly ms: number };

export function pick<T>(values: readonly [T, ...T[]], which: number): T;
export function pick<T>(values: readonly T[], which: number): T | undefined;
export function pick<T>(values: readonly T[], which: number): T | undefined {
  return values[which % Math.max(values.length, 1)];
}

export function remove<T>(values: T[] | undefined, value: T): void {
  const at = values?.indexOf(value) ?? -1;
  if (at >= 0) values?.splice(at, 1);
}

export function same(what: string, found: readonly string[], expected: readonly string[]): void {
  const [a, b] = [[...found].sort().join('; '), [...expected].sort().join('; ')];
  if (a !== b) throw new Error(`${what}: ${a || 'none'}, instead of ${b || 'none'}`);
}
