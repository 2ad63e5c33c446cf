import { CliError, type RemoteError } from '../errors.js';
import { explain } from '../report.js';
import { counted } from '../text/quantity.js';
import { singleLine } from '../text/remote-text.js';
import type { Style } from '../text/style.js';
import { headline, summaryLines } from './summary.js';
import type { Reading } from './watch.js';
import { workerTable } from './worker-table.js';

export interface TopFrame {
  readonly head: readonly string[];
  /** Titles and rows, of which there may be more than fit. */
  readonly table: readonly string[];
}

export interface TopFrameOptions {
  /** `host:port` the engine is looked for at. */
  readonly place: string;
  readonly intervalMs: number;
  /** Wall time, for engines that do not tell theirs. */
  readonly nowMs: number;
  readonly style: Style;
}

/** What `iii top` shows of one reading. */
export function topFrame(reading: Reading, options: TopFrameOptions): TopFrame {
  const { place, intervalMs, nowMs, style } = options;
  if (reading.kind === 'gone') {
    return {
      head: [
        `${style.bold('iii')} at ${place}`,
        '',
        ...explanation(reading.error).map((line) => style.red(singleLine(line))),
        `Trying again every ${intervalMs} ms.`,
      ],
      table: [],
    };
  }
  const { snapshot, rates } = reading;
  const waits = snapshot.waiting.length;
  const attention =
    waits === 0
      ? []
      : [style.yellow(`Needs attention: ${counted(waits, 'trigger')} not served, see \`iii status\``)];
  return {
    head: [headline(snapshot, place, style), ...summaryLines(snapshot, rates), ...attention, ''],
    table: snapshot.workers === undefined ? [] : workerTable(snapshot, 'busiest first', nowMs, style),
  };
}

/** What is wrong, and what to do about it: both may be long, and lines are cut. */
function explanation(error: CliError | RemoteError): string[] {
  return error instanceof CliError ? [`${error.message}.`, error.hint] : [explain(error)];
}
