import type { ScreenSize } from '../screen.js';

const CSI = '\u001b[';
/** Wrapping is off so that a line with wide characters is cut by the terminal instead of pushing others down. */
const ENTER = `${CSI}?1049h${CSI}?25l${CSI}?7l`;
const LEAVE = `${CSI}?7h${CSI}?25h${CSI}?1049l`;
const HOME = `${CSI}H`;
const CLEAR_LINE = `${CSI}2K`;
const CLEAR_BELOW = `${CSI}J`;

/** The alternate screen of a terminal, on which frames are drawn in place. What was on the terminal comes back. */
export class LiveScreen {
  #state: 'closed' | 'open' = 'closed';

  constructor(private readonly write: (text: string) => void) {}

  draw(lines: readonly string[], { rows }: ScreenSize): void {
    const enter = this.#state === 'closed' ? ENTER : '';
    this.#state = 'open';
    const text = lines.map((line) => `${CLEAR_LINE}${line}`).join('\r\n');
    // On the last row there is no line below to clear, and clearing from the last column would take its character.
    this.write(`${enter}${HOME}${text}${lines.length < rows ? `\r\n${CLEAR_BELOW}` : ''}`);
  }

  close(): void {
    if (this.#state === 'open') this.write(LEAVE);
    this.#state = 'closed';
  }
}
