import type { Clock, Log } from 'iii-protocol';
import type { Emit } from '../events.js';
import type { Job, JobState } from '../job.js';
import type { JobStore } from '../store/job-store.js';
import type { Courier } from './courier.js';

/** What lines share. */
export interface Surroundings {
  readonly jobs: JobStore;
  readonly courier: Courier;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Log;
  readonly emit: Emit;
  /** Jobs that wait for a function; called back when it is there. */
  readonly missing: { add(namespace: string, functionId: string, wake: () => void): void };
  /** A job is delayed until then. */
  delayed(dueMs: number): void;
  buried(queue: string, job: Job, state: JobState): void;
}
