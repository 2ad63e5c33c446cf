import { type RawJson, rawFromText, textOfRaw } from 'iii-protocol';
import { readOperations } from './operation.js';
import { applyOperations } from './update.js';

export const raw = (text: string): RawJson => rawFromText(text);

/** The outcome of operations, all as JSON text; `undefined` for no document. */
export function update(
  current: string | undefined,
  ...ops: ReadonlyArray<object | string>
): [string, ...string[]] {
  const texts = ops.map((op) => (typeof op === 'string' ? op : JSON.stringify(op)));
  const operations = readOperations(raw(`[${texts.join(',')}]`));
  const { value, errors } = applyOperations(current === undefined ? undefined : raw(current), operations);
  return [textOfRaw(value), ...errors.map(({ op_index, code }) => `${op_index} ${code}`)];
}
