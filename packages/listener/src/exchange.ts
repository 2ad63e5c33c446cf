import { ListenerError } from './errors.js';
import type { ReportFault } from './fault.js';

/** What an answer needs to know of the request it belongs to and of the port, whichever driver serves it. */
export interface Exchange {
  readonly method: string;
  readonly report: ReportFault;
  /** The port is closing: the connection should not outlive this answer. */
  draining(): boolean;
  /** The owner has given the whole answer: nobody will read the rest of the request body. */
  settled(): void;
  /** Nothing of this exchange is left. */
  ended(): void;
}

export function orderFault(what: string): ListenerError {
  return new ListenerError('invalid_answer_order', what);
}
