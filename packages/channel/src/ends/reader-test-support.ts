import { ChannelReader } from './reader.js';
import { fakeConnect, refTo } from './test-support.js';
import type { EndOptions } from './transport.js';

/** A reader in memory. */
export function readerOver(options?: EndOptions) {
  const fake = fakeConnect();
  return { ...fake, reader: ChannelReader.over(fake.connect, refTo('read'), options) };
}

/** A reader with a connection that nobody reads from. */
export function unreadReader(hasCredit = true) {
  const fixture = readerOver();
  fixture.reader.stream.read(0);
  for (const transport of fixture.made) transport.hasCredit = hasCredit;
  return { ...fixture, transport: fixture.open() };
}
