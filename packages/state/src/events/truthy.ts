import { type RawJson, textOfRaw } from 'iii-protocol';

/** Whether the result of a condition lets the handler run (DESIGN D7): not for absent, null, false, 0 and "". */
export function isTruthy(result: RawJson | undefined): boolean {
  if (result === undefined) return false;
  switch (String.fromCharCode(result[0] ?? 0)) {
    case '{':
    case '[':
    case 't':
      return true;
    case 'f':
    case 'n':
      return false;
    case '"':
      return result.length > 2;
    default:
      return Number(textOfRaw(result)) !== 0;
  }
}
