/** As `URL` spells the addresses of loopback. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * What a WebSocket is opened with so that neither side goes over each byte of a payload for nothing. Masks keep what
 * stands between two machines, and does not know WebSockets, from taking a payload for a request (RFC 6455 §10.3). On
 * loopback there is nothing between: a mask of zeros leaves the payload as it is. Elsewhere they are left to the library.
 */
export function maskOptions(address: URL | string): { readonly generateMask?: (mask: Uint8Array) => void } {
  // What is no URL is refused by who connects.
  if (typeof address === 'string' && !URL.canParse(address)) return {};
  return LOOPBACK.test(new URL(address).hostname) ? { generateMask: zeros } : {};
}

function zeros(mask: Uint8Array): void {
  mask.fill(0);
}
