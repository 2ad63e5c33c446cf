import type { Driver } from '../drivers.js';
import type { LineOptions } from './line.js';

/** What is measured, by the name in the tables. */
export type Subjects = ReadonlyMap<string, Omit<LineOptions, 'workers' | 'profile'>>;

export const names = (driver: Driver) => ({
  relay: `relay (${driver})`,
  postingRelay: `relay that coalesces (${driver})`,
  engine: `iii (${driver})`,
  official: `iii (${driver}), official client`,
});

/** The engine on a driver with both clients, and what it is compared with. */
export function subjectsOn(driver: Driver): Subjects {
  const { relay, postingRelay, engine, official } = names(driver);
  return new Map([
    [relay, { between: 'relay', driver, client: 'own' }],
    [engine, { between: 'engine', driver, client: 'own' }],
    [postingRelay, { between: 'posting relay', driver, client: 'own' }],
    [official, { between: 'engine', driver, client: 'official' }],
    ['HTTP, nothing between', { between: 'nothing', driver, client: 'http' }],
    ['NATS request/reply', { between: 'nats', driver, client: 'nats' }],
  ]);
}
