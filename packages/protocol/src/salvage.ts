import type { Salvage } from './codec-error.js';
import { decodeUtf8 } from './utf8.js';

const LAST_RESORT = {
  type: /"type"\s*:\s*"([a-z]{1,40})"/g,
  invocation_id: /"invocation_id"\s*:\s*"([0-9a-fA-F-]{36})"/g,
};
const LAST_RESORT_LIMIT = 1024 * 1024;

/**
 * For text that is not JSON (Python writes `NaN`): the type and the invocation id, where each appears exactly once
 * and so can only be the frame's own.
 */
export function salvageText(bytes: Uint8Array): Salvage {
  if (bytes.length > LAST_RESORT_LIMIT) return {};
  const text = decodeUtf8(bytes, 0, bytes.length);
  const only = (pattern: RegExp): string | undefined => {
    const found = [...text.matchAll(pattern)];
    return found.length === 1 ? found[0]?.[1] : undefined;
  };
  const type = only(LAST_RESORT.type);
  const invocationId = only(LAST_RESORT.invocation_id);
  if (type === undefined || invocationId === undefined) return {};
  return { type, invocation_id: invocationId };
}
