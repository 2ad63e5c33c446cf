import { LongFrame } from 'iii-protocol';
import type { TextSink } from './long-text.js';
import type { OutgoingMessage } from './message.js';
import { spellLongMessage, textOfMessage } from './message-text.js';

/**
 * Length of the longest text that goes as one frame. A longer one goes in parts where the engine takes them, and as
 * fragments elsewhere: a peer takes in one at a time, and has all of a frame to take in at once.
 */
const LARGEST_FRAME_LENGTH = 1024 * 1024;

/** A message as JSON: its text, or where that is too long for one frame, what it leaves as. */
export type Spelled = string | LongFrame;

/** @throws TypeError when the message has no JSON form. */
export function spelled(message: OutgoingMessage): Spelled {
  const spelling = new Spelling();
  return spellLongMessage(message, spelling) ? spelling.result : spelledText(textOfMessage(message));
}

export function spelledText(text: string): Spelled {
  if (text.length <= LARGEST_FRAME_LENGTH) return text;
  const frame = new LongFrame();
  frame.add(text);
  return frame;
}

class Spelling implements TextSink {
  #result: Spelled = '';

  get result(): Spelled {
    return this.#result;
  }

  add(text: string): void {
    if (typeof this.#result === 'string') this.#result = spelledText(this.#result + text);
    else this.#result.add(text);
  }
}
