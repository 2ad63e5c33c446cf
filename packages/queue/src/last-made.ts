/**
 * What was made of a text, remembered for as long as the same is asked for: most jobs that come one after the other have
 * their queue and their function in common.
 */
export function lastMade<T>(make: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly made: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, made: make(text) };
    return last.made;
  };
}
