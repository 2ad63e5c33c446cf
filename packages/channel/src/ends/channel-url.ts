import type { ChannelRef } from './transport.js';

/**
 * Where one end of a channel connects (sdk-node.md §11.1). Path and query of the address are kept.
 *
 * @throws TypeError when the address is no URL.
 */
export function channelUrl(address: string, ref: ChannelRef, direction: 'read' | 'write'): URL {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/ws/channels/${encodeURIComponent(ref.channel_id)}`;
  const ours = `key=${encodeURIComponent(ref.access_key)}&dir=${direction}`;
  // Text, not URLSearchParams: that would write the query of the address anew, in another form.
  url.search = url.search === '' ? ours : `${url.search}&${ours}`;
  url.hash = '';
  return url;
}

/** The part of an address that holds no secret, for messages to people. */
export function printableUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
