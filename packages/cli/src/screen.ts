import type { EventEmitter } from 'node:events';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a command that goes on until it is told to stop hears of its surroundings. */
export interface ScreenListener {
  /** Keys that were pressed, as the terminal spells them. */
  keys(text: string): void;
  resized(): void;
  /** It is to end: a signal, or nobody reads what it writes any more. */
  ended(): void;
}

/** The terminal, or whatever else stdout is, as such a command needs it. */
export interface Screen {
  size(): ScreenSize;
  /**
   * Tells the listener of everything until the function it returns is called, which leaves the terminal as it was.
   *
   * @param wantsKeys whether keys are taken one by one instead of as lines.
   */
  attend(listener: ScreenListener, wantsKeys: boolean): () => void;
}

/** The parts of a process a screen is made of. */
export interface ScreenStreams {
  readonly stdin: EventEmitter & {
    readonly isTTY?: boolean;
    setRawMode?(mode: boolean): unknown;
    resume(): unknown;
    pause(): unknown;
  };
  readonly stdout: EventEmitter & { readonly columns?: number; readonly rows?: number };
  readonly signals: EventEmitter;
}

const FALLBACK: ScreenSize = { columns: 80, rows: 24 };
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function screenOf({ stdin, stdout, signals }: ScreenStreams): Screen {
  return {
    // A terminal that does not know its size says 0.
    size: () => ({ columns: stdout.columns || FALLBACK.columns, rows: stdout.rows || FALLBACK.rows }),
    attend: (listener, wantsKeys) => {
      const takesKeys = wantsKeys && stdin.isTTY === true && stdin.setRawMode !== undefined;
      const keys = (data: unknown): void => listener.keys(String(data));
      const failed = (error: NodeJS.ErrnoException): void => {
        if (error.code === 'EPIPE') listener.ended();
      };
      for (const signal of SIGNALS) signals.on(signal, listener.ended);
      stdout.on('resize', listener.resized);
      stdout.on('error', failed);
      if (takesKeys) {
        stdin.setRawMode?.(true);
        stdin.on('data', keys);
        stdin.resume();
      }
      return () => {
        for (const signal of SIGNALS) signals.off(signal, listener.ended);
        stdout.off('resize', listener.resized);
        stdout.off('error', failed);
        if (!takesKeys) return;
        stdin.off('data', keys);
        stdin.setRawMode?.(false);
        stdin.pause();
      };
    },
  };
}
