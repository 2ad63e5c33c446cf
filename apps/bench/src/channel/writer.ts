import { randomFillSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChannelWriter, type StreamChannelRef } from 'iii-sdk/channel';

const [address = '', ref = '', totalBytes = '0', chunkBytes = '0'] = process.argv.slice(2);
const chunk = randomFillSync(Buffer.alloc(Number(chunkBytes)));
const { stream } = new ChannelWriter(address, JSON.parse(ref) as StreamChannelRef);
let left = Number(totalBytes);

await pipeline(
  new Readable({
    highWaterMark: 1024 * 1024,
    read() {
      while (left > 0) {
        left -= chunk.length;
        if (!this.push(chunk)) return;
      }
      this.push(null);
    },
  }),
  stream,
);
process.disconnect();
