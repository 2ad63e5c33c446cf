import { isIPv6 } from 'node:net';

/** `host:port`, with an IPv6 host in brackets. */
export function formatAddress(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4-mapped IPv6 address as IPv4; any other text unchanged. */
export function unmapAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** Text of the 4 or 16 bytes of an address, in the same form node:net gives; empty when there are none. */
export function addressFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '';
  if (MAPPED_PREFIX.every((byte, index) => bytes[index] === byte)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, group) => {
    const [high = 0, low = 0] = bytes.subarray(group * 2, group * 2 + 2);
    return (high * 256 + low).toString(16);
  });
  // The URL parser knows the canonical (RFC 5952) spelling.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
