import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export type ChannelClient = 'official' | 'ours';

export interface ChannelRef {
  readonly channel_id: string;
  readonly access_key: string;
  readonly direction: 'read' | 'write';
}

export interface ChannelRefs {
  readonly writer: ChannelRef;
  readonly reader: ChannelRef;
}

export interface ChannelEndOptions {
  readonly client: ChannelClient;
  readonly address: string;
  readonly ref: ChannelRef;
  /** What a writer sends in all, and with each write. */
  readonly bytes?: number;
  readonly chunkBytes?: number;
  /** What a reader takes at most. */
  readonly bytesPerSecond?: number;
}

/** How an end came to its end. */
export type Outcome =
  | { readonly event: 'ended'; readonly bytes: number; readonly sha256: string }
  | { readonly event: 'failed'; readonly bytes: number; readonly code?: string; readonly message: string };

type Report = Outcome | { readonly event: 'connected' };

/** One end of a channel in a process of its own, on the official client or on ours. */
export class ChannelEnd {
  /** Resolves when data flows. */
  readonly connected: Promise<void>;
  /** Rejects when the process ends without having said how it went. */
  readonly outcome: Promise<Outcome>;

  private constructor(private readonly child: ChildProcess) {
    let connected = () => {};
    this.connected = new Promise((resolve) => (connected = resolve));
    this.outcome = new Promise((resolve, reject) => {
      child.on('message', (report: Report) => {
        if (report.event === 'connected') connected();
        else resolve(report);
      });
      child.once('exit', (code, signal) => {
        reject(new Error(`the end of the channel was ended by ${signal ?? `status ${code}`}`));
      });
    });
    // Whoever kills it need not look.
    this.outcome.catch(() => {});
  }

  static start(options: ChannelEndOptions): ChannelEnd {
    const script = path.resolve(import.meta.dirname, '../workers/channel-end.mjs');
    return new ChannelEnd(fork(script, [JSON.stringify(options)]));
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
