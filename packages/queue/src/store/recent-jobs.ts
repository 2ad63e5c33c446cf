import { ownRaw, SlotMap } from 'iii-protocol';
import type { Job } from '../job.js';

/** Bytes of records kept, and jobs: the more, the longer each lasts, and what lasts costs collections more. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_JOBS = 1_000;
/** Bytes of a message, or of memory for short ones, that the data of one job may keep from being freed. */
const MOST_SHARED_BYTES = 16 * 1024;

/** Jobs that were come across, and bytes of the record of one. */
const MOST_FOUND = 512;
const LONGEST_FOUND = 8 * 1024;

/**
 * Jobs that were accepted lately, and jobs that were come across while the next ones were looked for. Most of them are
 * soon asked for, and need not be read from the store then.
 *
 * Whatever changes or removes a job forgets it: so what is kept is in the store, as it is here.
 */
export class RecentJobs {
  readonly #jobs = new SlotMap<number, Job>();
  readonly #found = new SlotMap<number, Job>();
  /** Numbers of those that were come across, in a ring, the oldest at `#turn`. */
  readonly #turns: number[] = [];
  #turn = 0;
  #bytes = 0;
  /** None that is kept has a lower number. Asking the map for its first would pass over all that are gone before it. */
  #oldest = 0;
  /** No number that was added was higher. */
  #newest = 0;

  get(seq: number): Job | undefined {
    return this.#jobs.get(seq) ?? this.#found.get(seq);
  }

  /** Keeps one that was come across, and is not about to be removed. @param bytes of its record, which `read` reads. */
  keepFound(seq: number, bytes: number, read: () => Job): void {
    if (bytes > LONGEST_FOUND || this.get(seq) !== undefined) return;
    const oldest = this.#turns[this.#turn];
    if (oldest !== undefined) this.#found.delete(oldest);
    this.#turns[this.#turn] = seq;
    this.#turn = (this.#turn + 1) % MOST_FOUND;
    this.#found.set(seq, read());
  }

  /**
   * Keeps one that was accepted, unless its turn is so far off that it would not be kept until then.
   *
   * @param waiting jobs of its queue that wait, this one included.
   */
  add(job: Job, waiting: number): void {
    if (job.seq > this.#newest) this.#newest = job.seq;
    else this.forget(job.seq);
    if (waiting > MOST_JOBS) return;
    if (this.#jobs.size === 0 || job.seq < this.#oldest) this.#oldest = job.seq;
    this.#jobs.set(job.seq, withOwnData(job));
    this.#bytes += bytesOf(job);
    while (this.#bytes > MOST_BYTES || this.#jobs.size > MOST_JOBS) this.forget(this.#oldest++);
  }

  /** It is being removed, or becomes another one. */
  forget(seq: number): void {
    this.#found.delete(seq);
    const job = this.#jobs.delete(seq);
    if (job !== undefined) this.#bytes -= bytesOf(job);
  }
}

function bytesOf({ storedBytes, data }: Job): number {
  return storedBytes ?? data.length;
}

/** With a copy of its data where this would keep much more from being freed. */
function withOwnData(job: Job): Job {
  const { data } = job;
  const held = data.buffer.byteLength;
  return held <= MOST_SHARED_BYTES || held <= 2 * data.length ? job : { ...job, data: ownRaw(data) };
}
