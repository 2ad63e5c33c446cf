/* biome-ignore-all lint/suspicious/noConsole: this is a program for the terminal */
/**
 * Streams what a long-running function makes to its caller while it is being made, as language models do.
 *
 *   npx tsx examples/tokens.ts "channels keep their order"
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { registerWorker } from 'iii-sdk';
import type { ChannelWriter } from 'iii-sdk/channel';
import { createChannel } from 'iii-sdk/helpers';

interface Prompt {
  prompt: string;
  tokens: ChannelWriter;
}

const storyteller = registerWorker(process.env.III_URL, { workerName: 'storyteller' });
storyteller.registerFunction('story::tell', async ({ prompt, tokens }: Prompt) => {
  const words = `Once upon a time, ${prompt}, and they all lived happily ever after.`.split(' ');
  for (const word of words) {
    tokens.sendMessage(`${word} `);
    await sleep(30);
  }
  tokens.close();
  return { words: words.length };
});

const caller = registerWorker(process.env.III_URL, { workerName: 'listener' });
const { reader, writerRef } = await createChannel(caller);
reader.onMessage((token) => process.stdout.write(token));
const { words } = await caller.trigger<object, { words: number }>({
  function_id: 'story::tell',
  payload: { prompt: process.argv[2] ?? 'a worker met a channel', tokens: writerRef },
});
// The answer may overtake the last words: they travel on different connections.
await reader.readAll();
console.log(`\n(${words} words)`);
await Promise.all([storyteller.shutdown(), caller.shutdown()]);
