import { ChannelReader, type StreamChannelRef } from 'iii-sdk/channel';

/** What a reader saw of a transfer. */
export interface Transferred {
  readonly bytes: number;
  /** Milliseconds from the first message to the end. */
  readonly ms: number;
}

const [address = '', ref = ''] = process.argv.slice(2);
const { stream } = new ChannelReader(address, JSON.parse(ref) as StreamChannelRef);
let first: number | undefined;
let bytes = 0;
stream.on('data', (chunk: Buffer) => {
  first ??= performance.now();
  bytes += chunk.length;
});
stream.on('end', () => {
  const transferred: Transferred = { bytes, ms: performance.now() - (first ?? performance.now()) };
  process.send?.(transferred, () => process.disconnect());
});
stream.resume();
process.send?.('ready');
