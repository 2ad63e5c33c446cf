import { randomBytes } from 'node:crypto';
import type { HeaderList } from 'iii-listener';
import { type AnswerCode, httpErrors } from '../errors.js';

/** What is sent to a client. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | Uint8Array;
}

export const JSON_TYPE = ['content-type', 'application/json'] as const;

/** An error of this worker (spec/worker-http.md §8.3). */
export function errorAnswer(code: AnswerCode, errorId?: string): Answer {
  const { status, message } = httpErrors[code];
  const more = code === 'CONDITION_NOT_MET' ? { skipped: true } : {};
  const answer = envelope(status, { code, message }, errorId, more);
  return code === 'OVERLOADED' ? { ...answer, headers: [...answer.headers, ['retry-after', '1']] } : answer;
}

/** A function failed: always 500, with its own code and message. */
export function failureAnswer(code: string, message: string, errorId: string): Answer {
  return envelope(500, { code, message }, errorId, {});
}

/** What the log line and the answer of a failure have in common: 12 hexadecimal digits. */
export function newErrorId(): string {
  return randomBytes(6).toString('hex');
}

function envelope(status: number, error: object, errorId: string | undefined, more: object): Answer {
  const identified = errorId === undefined ? error : { ...error, error_id: errorId };
  return { status, headers: [JSON_TYPE], body: JSON.stringify({ error: identified, ...more }) };
}
