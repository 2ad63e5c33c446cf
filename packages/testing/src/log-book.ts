import type { Log } from 'iii-protocol';

/** A line of the log: level, message, and what came with it. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A log that tests can read, and wait for.
 *
 * @example
 * const log = new LogBook();
 * await using engine = new TestEngine({ log });
 * const { fields } = await log.line(/refused/);
 */
export class LogBook implements Log {
  readonly lines: LogLine[] = [];
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');
  #awaited: Array<() => void> = [];

  of(level: LogLine['level']): LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  messages(level: LogLine['level']): string[] {
    return this.of(level).map(({ message }) => message);
  }

  /** Resolves with the first line that fits, when it is written. */
  line(fits: RegExp): Promise<LogLine> {
    return this.#when(() => this.lines.find(({ message }) => fits.test(message)));
  }

  /** Resolves once there are `times` lines with this message. */
  async written(message: string, times = 1): Promise<void> {
    await this.#when(() => this.lines.filter((line) => line.message === message)[times - 1]);
  }

  async #when(find: () => LogLine | undefined): Promise<LogLine> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#awaited.push(resolve));
    }
  }

  #writer(level: LogLine['level']) {
    return (fields: object, message: string) => {
      this.lines.push({ level, message, fields: fields as Record<string, unknown> });
      for (const resolve of this.#awaited.splice(0)) resolve();
    };
  }
}
