import { type Driver, usableDrivers } from './drivers.js';
import type { BenchOptions } from './options.js';
import { Running } from './running.js';

export interface Round {
  readonly driver: Driver;
  /** From 1. */
  readonly number: number;
  /** Of this round alone. */
  readonly running: Running;
}

/** Does something once in each round on each driver, and tells what it returns. */
export async function eachRound(
  { drivers, rounds, tell }: BenchOptions,
  measure: (round: Round) => Promise<string>,
): Promise<void> {
  for (const driver of await usableDrivers(drivers, tell)) {
    for (let number = 1; number <= rounds; number++) {
      await using running = new Running();
      tell(`${driver} round ${number}: ${await measure({ driver, number, running })}`);
    }
  }
}
