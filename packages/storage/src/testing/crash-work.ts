import { keyOf } from '../key.js';
import type { Reads, Store, Transaction } from '../store.js';

/** Writers that work at the same time. */
export const WRITERS = 8;
/** Steps of a writer that are kept; older ones are deleted. */
const KEPT = 20;
const KEYS_PER_STEP = 4;
/** Short ones of a writer that each step writes anew: a few steps come to as many keys as end an epoch of the journal. */
const SHORT_KEYS = 150;

/** The last step of a writer. */
export function headOf(reads: Reads, writer: number): number {
  return numberIn(reads.get(keyOf('head', writer)));
}

/**
 * One step: several values, of sizes from nothing to several pages, many short ones, the deletion of an old step, and a
 * count that all writers share. Everything in it follows from the numbers, so that what is left can be told from what should be.
 */
export function takeStep(store: Store, writer: number): Promise<number> {
  return store.transaction((tx) => {
    const step = headOf(tx, writer) + 1;
    for (let part = 0; part < KEYS_PER_STEP; part++) {
      tx.put(keyOf('part', writer, step, part), valueFor(writer, step, part));
      tx.delete(keyOf('part', writer, step - KEPT, part));
    }
    for (let n = 0; n < SHORT_KEYS; n++) tx.put(keyOf('short', writer, n), bytesOf(step));
    tx.put(keyOf('head', writer), bytesOf(step));
    countOne(tx);
    return step;
  });
}

/**
 * Compares a store with what has been acknowledged.
 *
 * @param acknowledged the last step of each writer that was.
 * @throws Error saying what is missing, half there, or not what was written.
 */
export function checkSteps(store: Store, acknowledged: readonly number[]): void {
  let [sum, expected] = [0, 0];
  for (const [writer, least] of acknowledged.entries()) {
    const head = headOf(store, writer);
    sum += head;
    if (head < least)
      throw new Error(`writer ${writer}: step ${least} was acknowledged, and ${head} is there`);
    if (head > least + 1)
      throw new Error(`writer ${writer}: step ${head} is there, and ${least} was the last`);
    if (head > 0) expected += 1 + SHORT_KEYS;
    for (let n = 0; head > 0 && n < SHORT_KEYS; n++) {
      const step = numberIn(store.get(keyOf('short', writer, n)));
      if (step !== head)
        throw new Error(`writer ${writer}, short value ${n} is of step ${step}, not ${head}`);
    }
    for (let step = Math.max(1, head - KEPT + 1); step <= head; step++) {
      for (let part = 0; part < KEYS_PER_STEP; part++) {
        checkValue(store.get(keyOf('part', writer, step, part)), writer, step, part);
        expected++;
      }
    }
  }
  if (sum > 0) expected++;
  if (numberIn(store.get(keyOf('count'))) !== sum)
    throw new Error('the shared count is not the sum of steps');
  checkFigures(store, expected);
}

function checkValue(found: Uint8Array | undefined, writer: number, step: number, part: number): void {
  const where = `writer ${writer}, step ${step}, part ${part}`;
  if (found === undefined) throw new Error(`${where} is missing`);
  if (Buffer.compare(found, valueFor(writer, step, part)) !== 0) throw new Error(`${where} is another value`);
}

function checkFigures(store: Store, expected: number): void {
  let [entries, bytes] = [0, 0];
  for (const [key, value] of store.range()) {
    entries++;
    bytes += key.length + value.length;
  }
  const figures = store.figures();
  if (entries !== expected) throw new Error(`there are ${entries} entries, and ${expected} should be`);
  if (figures.entries !== entries || figures.bytes !== bytes) {
    throw new Error(`${entries} entries of ${bytes} bytes were counted as ${JSON.stringify(figures)}`);
  }
}

function valueFor(writer: number, step: number, part: number): Buffer {
  const size = (writer * 7_919 + step * 104_729 + part * 1_299_709) % 9_000;
  return Buffer.alloc(size, `${writer}/${step}/${part};`);
}

function countOne(tx: Transaction): void {
  tx.put(keyOf('count'), bytesOf(numberIn(tx.get(keyOf('count'))) + 1));
}

function bytesOf(value: number): Buffer {
  return Buffer.from(String(value));
}

function numberIn(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : Number(Buffer.from(bytes).toString());
}
