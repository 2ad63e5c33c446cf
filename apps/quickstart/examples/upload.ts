/* biome-ignore-all lint/suspicious/noConsole: this is a program for the terminal */
/**
 * Uploads a file through one worker to another, with a progress bar.
 *
 *   npx tsx examples/upload.ts README.md
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { registerWorker } from 'iii-sdk';
import type { ChannelReader } from 'iii-sdk/channel';
import { createChannel } from 'iii-sdk/helpers';

interface Upload {
  name: string;
  content: ChannelReader;
}

interface Stored {
  path: string;
  bytes: number;
  sha256: string;
}

// One worker keeps files. What arrives as a ref in the payload is a live reader by the time the handler runs.
const store = registerWorker(process.env.III_URL, { workerName: 'store-worker' });
store.registerFunction('files::store', async ({ name, content }: Upload): Promise<Stored> => {
  const target = path.join(await mkdtemp(path.join(os.tmpdir(), 'iii-upload-')), path.basename(name));
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  // A sender that dies on the way makes this reject: half a file never looks like a whole one.
  await pipeline(content.stream, measure, createWriteStream(target));
  return { path: target, bytes, sha256: hash.digest('hex') };
});

// Another one sends them.
const uploader = registerWorker(process.env.III_URL, { workerName: 'upload-worker' });

async function upload(file: string): Promise<Stored> {
  const { size } = await stat(file);
  const { writer, readerRef } = await createChannel(uploader);
  const progress = setInterval(() => void showProgress(readerRef.channel_id, size), 100);
  try {
    const [stored] = await Promise.all([
      uploader.trigger<object, Stored>({
        function_id: 'files::store',
        payload: { name: file, content: readerRef },
        timeoutMs: 600_000,
      }),
      pipeline(createReadStream(file), writer.stream),
    ]);
    return stored;
  } finally {
    clearInterval(progress);
  }
}

/** The engine knows how far a channel is. */
async function showProgress(channel_id: string, size: number): Promise<void> {
  try {
    const { bytes, bytes_per_second } = await uploader.trigger<
      object,
      { bytes: number; bytes_per_second: number }
    >({ function_id: 'engine::channels::info', payload: { channel_id } });
    bar(bytes, size, `${(bytes_per_second / 1e6).toFixed(1)} MB/s`);
  } catch {
    // The transfer is over.
  }
}

function bar(bytes: number, size: number, note: string): void {
  const share = size === 0 ? 1 : bytes / size;
  const filled = Math.round(30 * share);
  const line = `[${'█'.repeat(filled)}${'░'.repeat(30 - filled)}] ${Math.floor(100 * share)} % ${note}`;
  if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(60)}`);
  else console.error(line);
}

const file = process.argv[2];
if (file === undefined) {
  console.error('which file? For instance: npx tsx examples/upload.ts README.md');
  process.exit(2);
}
try {
  const stored = await upload(file);
  bar(stored.bytes, stored.bytes, '');
  console.log(`\n${stored.bytes} bytes in ${stored.path}\nsha256 ${stored.sha256}`);
} catch (error) {
  console.error(`the upload failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await Promise.all([store.shutdown(), uploader.shutdown()]);
}
