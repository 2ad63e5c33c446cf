import { LIMITS } from 'iii-protocol';
import type { EngineFunctionInput } from 'iii-protocol/engine-functions';
import { defined } from '../defined.js';

/** What a worker has told about itself (protocol.md §9.9). */
export interface WorkerInfo {
  readonly name?: string;
  readonly description?: string;
  readonly runtime?: string;
  readonly version?: string;
  readonly os?: string;
  readonly pid?: number;
  readonly isolation?: string;
}

type Announcement = EngineFunctionInput<'engine::workers::register'>;

/**
 * The old information with an announcement laid over it: `runtime` and `version` are replaced even by nothing, the
 * rest is kept where the announcement is silent.
 */
export function announced(before: WorkerInfo, input: Announcement): WorkerInfo {
  const { runtime: _runtime, version: _version, ...kept } = before;
  return {
    ...kept,
    runtime: input.runtime ?? 'unknown',
    ...defined({
      version: input.version,
      name: cleanText(input.name),
      description: cleanText(input.description),
      os: input.os,
      pid: input.pid,
      isolation: input.isolation,
    }),
  };
}

/** Control characters, bidirectional overrides and line separators, which would disturb a terminal or a list. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const DISTURBING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Text a worker wrote about itself, made safe to print; undefined when nothing is left. */
export function cleanText(text: string | null | undefined): string | undefined {
  if (text === null || text === undefined) return undefined;
  const clean = [...text.replace(DISTURBING, '')].slice(0, LIMITS.workerTextCharacters).join('').trim();
  return clean === '' ? undefined : clean;
}
