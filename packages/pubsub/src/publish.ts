import { isRawObject, parseRaw, type RawJson, rawMembers } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { rawCalls } from 'iii-sdk/link';
import type { FunctionRef } from 'iii-sdk/runtime';
import { pubsubError } from './errors.js';
import type { Transport } from './transport.js';
import { PUBLISH_REQUEST } from './trigger-schemas.js';

export const PUBLISH = 'publish';
/** Characters of a topic. */
export const MAX_TOPIC_LENGTH = 1024;

/** Offers the function `publish` (workers-state-stream-pubsub-cron.md §3.1). */
export function offerPublish(iii: IIIClient, transport: Transport): FunctionRef {
  return rawCalls(iii).registerFunction(
    PUBLISH,
    async (input) => {
      const { topic, data } = readInput(input);
      try {
        await transport.publish(topic, data);
      } catch (error) {
        throw pubsubError(
          'PUBLISH_ERROR',
          `the message to ${JSON.stringify(topic)} was not sent (${text(error)})`,
        );
      }
      return undefined;
    },
    { description: 'Publishes a message to a topic.', request_format: PUBLISH_REQUEST },
  );
}

function readInput(input: RawJson): { readonly topic: string; readonly data: RawJson } {
  if (!isRawObject(input)) throw unreadable('expected an object');
  const members = rawMembers(input);
  const spelled = members.get('topic');
  if (spelled === undefined) throw unreadable('missing field topic');
  const topic = parseRaw(spelled);
  if (typeof topic !== 'string') throw unreadable(`field topic: expected text, not ${kindOf(topic)}`);
  const data = members.get('data');
  if (data === undefined) throw unreadable('missing field data');
  if (topic === '') throw pubsubError('topic_not_set', 'the topic is empty');
  if (topic.length > MAX_TOPIC_LENGTH) {
    throw pubsubError('topic_too_long', `the topic has ${topic.length} characters`);
  }
  return { topic, data };
}

function unreadable(reason: string): Error {
  return pubsubError('deserialization_error', `${PUBLISH}: ${reason}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
