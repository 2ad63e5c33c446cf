import type { ErrorBody, FrameType } from './frames.js';
import { parseRaw, type RawJson } from './raw-json.js';

/** A malformed error must still fail the call it belongs to, not leave its caller waiting (protocol.md §19.3). */
export function readErrorBody(raw: RawJson, type: FrameType): ErrorBody {
  const value = parseRaw(raw);
  if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value) {
    const { code, message } = value;
    if (typeof code === 'string' && typeof message === 'string') {
      const stacktrace = 'stacktrace' in value ? value.stacktrace : undefined;
      return typeof stacktrace === 'string' ? { code, message, stacktrace } : { code, message };
    }
  }
  const code = type === 'triggerregistrationresult' ? 'trigger_registration_failed' : 'invocation_failed';
  return { code, message: typeof value === 'string' ? value : JSON.stringify(value) };
}
