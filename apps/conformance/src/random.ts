/** Draws a whole number from 0 up to, but not including, a bound. */
export type Draw = (below: number) => number;

/** A small generator of numbers that are the same on every run, so that a failure can be had again. */
export function numbers(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
