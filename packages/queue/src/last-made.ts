/**
 * What was made of a text, or of two, remembered for as long as the same is asked for: most jobs that come one after the
 * other have their queue and their function in common.
 */
export function lastMade<T>(make: (text: string, other: string) => T): (text: string, other?: string) => T {
  let last: { readonly text: string; readonly other: string; readonly made: T } | undefined;
  return (text, other = '') => {
    if (last?.text !== text || last.other !== other) last = { text, other, made: make(text, other) };
    return last.made;
  };
}
