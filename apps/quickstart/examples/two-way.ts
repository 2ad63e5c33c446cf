/* biome-ignore-all lint/suspicious/noConsole: this is a program for the terminal */
/**
 * Two channels for both directions: what is typed goes out on one, what a function makes of it comes back on the other.
 *
 *   printf 'hello\nworld\n' | npx tsx examples/two-way.ts
 */
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { registerWorker } from 'iii-sdk';
import type { ChannelReader, ChannelWriter } from 'iii-sdk/channel';
import { createChannel } from 'iii-sdk/helpers';

interface Conversation {
  input: ChannelReader;
  output: ChannelWriter;
}

/** Of a letter of ASCII; other bytes stay, so that characters of several bytes stay whole. */
const upperCase = (byte: number) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte);

const shouter = registerWorker(process.env.III_URL, { workerName: 'shouter' });
shouter.registerFunction('text::shout', async ({ input, output }: Conversation) => {
  let bytes = 0;
  const shout = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk.map(upperCase));
    },
  });
  await pipeline(input.stream, shout, output.stream);
  return { bytes };
});

const caller = registerWorker(process.env.III_URL, { workerName: 'whisperer' });
const [there, back] = await Promise.all([createChannel(caller), createChannel(caller)]);
const [{ bytes }] = await Promise.all([
  caller.trigger<object, { bytes: number }>({
    function_id: 'text::shout',
    payload: { input: there.readerRef, output: back.writerRef },
    timeoutMs: 600_000,
  }),
  pipeline(process.stdin, there.writer.stream),
  pipeline(back.reader.stream, process.stdout, { end: false }),
]);
console.log(`(${bytes} bytes)`);
await Promise.all([shouter.shutdown(), caller.shutdown()]);
