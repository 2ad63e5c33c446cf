/**
 * One end of a channel in a process of its own.
 *
 *   node channel-end.mjs '{"client":"official","address":"ws://…","ref":{…},"bytes":1024,"chunkBytes":64}'
 *
 * What it does follows from the direction of the ref. Reports over IPC: `connected` with the first data, then
 * `ended` with the number of bytes and their SHA-256, or `failed` with the error.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ours from 'iii-sdk/channel';
import * as official from 'official-iii-sdk/channel';

const { client, address, ref, bytes: total, chunkBytes, bytesPerSecond } = JSON.parse(process.argv[2]);
const { ChannelReader, ChannelWriter } = client === 'official' ? official : ours;
const hash = createHash('sha256');
let bytes = 0;

/** Slices of a pool at changing places: never the same data twice in a row, and nothing is changed after it was given away. */
function* chunks() {
  const pool = randomFillSync(Buffer.alloc(chunkBytes + 65_521));
  for (let left = total; left > 0; ) {
    const at = bytes % 65_521;
    const chunk = pool.subarray(at, at + Math.min(left, chunkBytes));
    left -= chunk.length;
    count(chunk);
    yield chunk;
  }
}

function count(chunk) {
  if (bytes === 0) process.send({ event: 'connected' });
  bytes += chunk.length;
  hash.update(chunk);
}

async function read() {
  const { stream } = new ChannelReader(address, ref);
  const start = performance.now();
  for await (const chunk of stream) {
    count(chunk);
    if (bytesPerSecond === undefined) continue;
    const aheadMs = (bytes / bytesPerSecond) * 1_000 - (performance.now() - start);
    if (aheadMs > 5) await sleep(aheadMs);
  }
}

async function write() {
  const { stream } = new ChannelWriter(address, ref);
  await pipeline(Readable.from(chunks(), { objectMode: false, highWaterMark: 1024 * 1024 }), stream);
}

try {
  await (ref.direction === 'read' ? read() : write());
  process.send({ event: 'ended', bytes, sha256: hash.digest('hex') });
} catch (error) {
  process.send({ event: 'failed', bytes, code: error.code, message: error.message });
}
process.disconnect();
