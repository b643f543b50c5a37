import { expect, test } from 'vitest';
import { networkOf } from './network-of.ts';

test('an IPv4 address counts separately, even if written as IPv6', () => {
  expect(networkOf('10.0.0.1')).toBe('10.0.0.1');
  for (const spelling of ['::ffff:10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:FFFF:0a00:0001', '::FFFF:10.0.0.1']) {
    expect(networkOf(spelling), spelling).toBe('10.0.0.1');
  }
  expect(networkOf('::ffff:10.0.0.2')).toBe('10.0.0.2');
});

test('all addresses of an IPv6 /64 count as one, however they are written', () => {
  for (const address of ['2001:db8::1', '2001:0db8:0:0:ffff::', '2001:DB8::1.2.3.4', '2001:db8::']) {
    expect(networkOf(address), address).toBe(networkOf('2001:db8:0:0:1:2:3:4'));
  }
  expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8::1'));
  expect(networkOf('::1')).not.toBe(networkOf('1::1'));
});

test('a zone does not make another address', () => {
  for (const address of ['fe80::1%eth0', 'fe80::2%eth1', 'fe80::3']) {
    expect(networkOf(address), address).toBe(networkOf('fe80::1'));
  }
});

test('invalid addresses and connections without one count together', () => {
  for (const address of [null, '', 'unknown', '10.0.0.1:5213', '[2001:db8::1]:80', '10.0.0.256', '2001:db8::1::2']) {
    expect(networkOf(address), String(address)).toBe('');
  }
});
