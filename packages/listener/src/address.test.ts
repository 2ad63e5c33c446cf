import { expect, it } from 'vitest';
import { addressFromBytes, formatAddress, unmapAddress } from './address.js';

it('formats a host and a port, an IPv6 host in brackets', () => {
  expect(formatAddress('127.0.0.1', 80)).toBe('127.0.0.1:80');
  expect(formatAddress('localhost', 49134)).toBe('localhost:49134');
  expect(formatAddress('::1', 80)).toBe('[::1]:80');
});

it('gives an IPv4-mapped address as IPv4 and leaves others alone', () => {
  expect(unmapAddress('::ffff:10.1.2.3')).toBe('10.1.2.3');
  expect(unmapAddress('::FFFF:10.1.2.3')).toBe('10.1.2.3');
  for (const address of ['10.1.2.3', '::1', '2001:db8::ffff:1', ''])
    expect(unmapAddress(address)).toBe(address);
});

it('reads the bytes of an address', () => {
  expect(addressFromBytes(Uint8Array.of(192, 168, 0, 255))).toBe('192.168.0.255');
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1);
  expect(addressFromBytes(mapped)).toBe('127.0.0.1');
  expect(addressFromBytes(new Uint8Array(16).fill(1, 15))).toBe('::1');
  const documentation = new Uint8Array(16);
  documentation.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0xab, 0xcd]);
  expect(addressFromBytes(documentation)).toBe('2001:db8:0:0:abcd::');
});

it('gives nothing for the address of a connection that is gone', () => {
  expect(addressFromBytes(new Uint8Array(0))).toBe('');
});
