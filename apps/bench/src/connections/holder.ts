import { takeTasks } from '../role-process.js';
import { openWorkers } from './open-workers.js';

/** So many workers that connect, announce themselves, and are silent. */
export interface HoldTask {
  readonly count: number;
}

const [address = ''] = process.argv.slice(2);
takeTasks<HoldTask, 'held'>(async ({ count }) => {
  await openWorkers(address, count);
  return 'held';
});
