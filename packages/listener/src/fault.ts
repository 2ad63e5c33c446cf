import type { ListenOptions } from './types.js';

/** Takes an error that user code threw where nobody can catch it. Never throws. */
export type ReportFault = (error: unknown) => void;

/** Hands faults to `onError`, or to the process as a warning: they are never swallowed. */
export function faultReporter(onError: ListenOptions['onError']): ReportFault {
  return (error) => {
    try {
      if (onError === undefined) warn(error);
      else onError(error);
    } catch (thrown) {
      warn(error);
      warn(thrown);
    }
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
