import { HandlerError } from 'iii-sdk';

interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same call or registration can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error of this package. The last three refuse a trigger; the others answer `publish`. */
export const pubsubErrors = {
  topic_not_set: {
    meaning: 'a message was published to the topic with the empty name',
    hint: 'name a topic, for instance {"topic": "orders.created", "data": {…}}',
    retryable: false,
  },
  deserialization_error: {
    meaning: 'publish was called with something it cannot read',
    hint: 'send {"topic": <text>, "data": <any JSON value, null included>}',
    retryable: false,
  },
  topic_too_long: {
    meaning: 'the name of a topic is longer than topics may be',
    hint: 'use at most 1024 characters, and put the rest into the data',
    retryable: false,
  },
  PUBLISH_ERROR: {
    meaning: 'the transport between engines did not take the message',
    hint: 'nobody has got it: publish it again',
    retryable: true,
  },
  topic_required: {
    meaning: 'a trigger of type subscribe does not say which topic it is for',
    hint: 'set topic in its config, for instance "orders.created", "orders.*" or "orders.#"',
    retryable: false,
  },
  topic_unavailable: {
    meaning: 'the transport between engines could not join the topic of a trigger',
    hint: 'the message says what it answered; register the trigger again once that works',
    retryable: true,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type PubsubErrorCode = keyof typeof pubsubErrors;

/** An error of this package, as callers see it. `detail` says what happened to which value. */
export function pubsubError(code: PubsubErrorCode, detail: string): HandlerError {
  return new HandlerError(code, `${detail}: ${pubsubErrors[code].hint}`);
}
