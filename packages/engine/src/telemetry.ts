import type { SocketEvents } from 'iii-listener';

const PREFIXES = ['OTLP', 'MTRC', 'LOGS'].map((prefix) => [...prefix].map((c) => c.charCodeAt(0)));

/** Whether a binary message carries telemetry: traces, metrics or logs as OTLP/JSON (protocol.md §1.4). */
export function isTelemetry(message: Uint8Array): boolean {
  return PREFIXES.some((prefix) => prefix.every((byte, i) => message[i] === byte));
}

/** A telemetry socket (§1.5). It is read, so that exporters do not fill up, and what it says is not kept. */
export function telemetrySocket(closed: () => void): SocketEvents {
  return { message: () => {}, closed };
}
