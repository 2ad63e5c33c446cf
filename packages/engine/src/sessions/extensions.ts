import { BATCH, EXTENSIONS, type Extension } from 'iii-protocol';
import type { EngineLimits } from '../options.js';

/** What is offered to workers: no batches where a batch of frames that may come could be longer than a message may be. */
export function offeredExtensions({ maxMessageBytes }: EngineLimits): readonly Extension[] {
  return maxMessageBytes < BATCH.mostBytes ? EXTENSIONS.filter((each) => each !== 'batch') : EXTENSIONS;
}
