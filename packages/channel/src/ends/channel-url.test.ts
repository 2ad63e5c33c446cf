import { describe, expect, it } from 'vitest';
import { channelUrl, printableUrl } from './channel-url.js';
import { ChannelError, channelErrors } from './errors.js';

const ref = { channel_id: 'id', access_key: 'secret key&value', direction: 'read' } as const;

describe('channelUrl', () => {
  it.each([
    ['ws://h:1', 'ws://h:1/ws/channels/id?key=secret%20key%26value&dir=write'],
    ['ws://h:1/', 'ws://h:1/ws/channels/id?key=secret%20key%26value&dir=write'],
    ['wss://h/base/', 'wss://h/base/ws/channels/id?key=secret%20key%26value&dir=write'],
    ['ws://h:1?token=a%2Fb+c', 'ws://h:1/ws/channels/id?token=a%2Fb+c&key=secret%20key%26value&dir=write'],
    ['ws://h:1/#part', 'ws://h:1/ws/channels/id?key=secret%20key%26value&dir=write'],
  ])('of %s is %s', (address, expected) => {
    expect(channelUrl(address, ref, 'write').href).toBe(expected);
  });

  it('needs an address', () => {
    expect(() => channelUrl('', ref, 'read')).toThrow(TypeError);
  });

  it('is printed without secrets', () => {
    const url = channelUrl('ws://user:password@h:1/?token=t', ref, 'read');
    expect(printableUrl(url)).toBe('ws://h:1/ws/channels/id');
  });
});

describe('an error', () => {
  it.each(Object.entries(channelErrors))('%s says what to do', (code, { hint, retryable }) => {
    const error = new ChannelError(code as keyof typeof channelErrors, 'what happened');
    expect(error.message).toBe(`what happened: ${hint}`);
    expect(error).toMatchObject({ code, hint, retryable, name: 'ChannelError' });
  });
});
