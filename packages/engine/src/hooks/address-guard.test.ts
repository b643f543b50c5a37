import { expect, test } from 'vitest';
import { AddressGuard } from './address-guard.ts';

const nothingAllowed = new AddressGuard([]);
const check = (guard: AddressGuard, address: string) => () => guard.check(new URL(address));

test.each([
  ...['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255'],
  ...['192.168.1.1', '100.64.0.1', '169.254.169.254', '192.0.2.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
  ...['[::1]', '[::]', '[fe80::1]', '[fd00:ec2::254]', '[ff02::1]', '[2001:db8::1]', '[fec0::1]'],
  ...['[::ffff:127.0.0.1]', '[::ffff:a00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001::1]'],
])('an address inside is refused: %s', (host) => {
  expect(check(nothingAllowed, `https://${host}/`)).toThrow('is inside the network of the server or reserved');
});

test.each(['1.1.1.1', '172.32.0.1', '[2606:4700::1111]', '[::ffff:8.8.8.8]', 'alerts.example.com', '100.128.0.1'])(
  'an address outside is allowed by https, and not by http: %s',
  (host) => {
    expect(check(nothingAllowed, `https://${host}/`)).not.toThrow();
    expect(check(nothingAllowed, `http://${host}/`)).toThrow('is not https');
  },
);

test('what an operator allows can be reached, also by http', () => {
  const guard = new AddressGuard(['10.1.0.0/16', '127.0.0.1', 'fd12::/16']);
  const allowed = ['10.1.2.3', '127.0.0.1', '[fd12::1]', '[::ffff:10.1.2.3]'];
  for (const host of allowed) expect(check(guard, `http://${host}/`)).not.toThrow();
  for (const host of ['10.2.0.1', '127.0.0.2', '[fd13::1]', '[::1]']) expect(check(guard, `http://${host}/`)).toThrow();
  expect(check(guard, 'http://1.1.1.1/')).toThrow('is not https');
});
