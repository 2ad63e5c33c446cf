import { FlowWindow, type WindowBudget } from '../flow-window.js';
import { CreditIntake } from './credit-intake.js';
import type { Endpoint } from './endpoint.js';
import type { Form, WaitingItem } from './item.js';
import { MemoryWindow } from './memory.js';
import { PausingIntake } from './pausing-intake.js';
import type { Spool } from './spool.js';
import { SpoolingIntake } from './spooling-intake.js';

/**
 * What came from a writer and was not sent on, and what keeps it bounded. There is one kind for every way in which
 * a writer can be held back.
 */
export interface Intake {
  readonly isEmpty: boolean;
  /** Cost of what waits in memory. */
  readonly buffered: number;
  /** Bytes that wait on disk. */
  readonly spooled: number;
  /** Notes an item, before it is stored or sent on. False: the writer may not send it. */
  admit(cost: number): boolean;
  /** Keeps an item that cannot be sent on yet. @throws HubError `spool_full`, `disk_full`, `spool_failed`. */
  store(data: Uint8Array, form: Form, cost: number): void;
  /** What is next. @throws HubError `spool_failed`. */
  peek(): WaitingItem | undefined;
  /** Drops what `peek` shows. */
  remove(): void;
  /** An item was sent on. */
  passed(cost: number): void;
  /** The writer is gone: nothing is said to it any more. What waits stays. */
  detach(): void;
  /** To be called now and then. */
  review(): void;
  /** Drops what waits and gives everything back. */
  close(): void;
}

/** What all intakes of a hub share, and what one channel asked for. */
export interface IntakeOptions {
  readonly clock: ConstructorParameters<typeof FlowWindow>[0];
  readonly memory: WindowBudget;
  /** Cost that may wait in memory for the reader of a writer without credit. */
  readonly plainWindow: number;
  readonly createSpool: () => Spool;
}

export function createIntake(endpoint: Endpoint, options: IntakeOptions): Intake {
  if (endpoint.hasCredit) return new CreditIntake(endpoint, new FlowWindow(options.clock, options.memory));
  const window = new MemoryWindow(options.memory, options.plainWindow);
  if (endpoint.canPause) return new PausingIntake(endpoint, window);
  return new SpoolingIntake(window, options.createSpool());
}
