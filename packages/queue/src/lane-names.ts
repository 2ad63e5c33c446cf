import { lastMade } from './last-made.js';
import { shortened } from './store/keys.js';

/** The lane of jobs for a function, perhaps of one concurrency key among them. */
export function functionLane(namespace: string, functionId: string, key?: string): string {
  if (key === undefined) return laneOfAll(namespace, functionId);
  return JSON.stringify(['f', shortened(namespace), shortened(functionId), shortened(key)]);
}

const laneOfAll = lastMade((namespace, functionId) =>
  JSON.stringify(['f', shortened(namespace), shortened(functionId)]),
);

/** The lane of a group. */
export function groupLane(group: string): string {
  return JSON.stringify(['g', shortened(group)]);
}

export function isGroup(lane: string): boolean {
  return lane.startsWith('["g"');
}

export function concurrencyKeyOf(lane: string): string | undefined {
  const [kind, , , key] = JSON.parse(lane) as string[];
  return kind === 'f' ? key : undefined;
}
