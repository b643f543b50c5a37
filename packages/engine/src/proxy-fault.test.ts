import { expect, test } from 'vitest';
import { proxyAtFault } from './proxy-fault.ts';

const proxies = { HTTPS_PROXY: 'http://ada:secret@proxy.example.com:3128/', HTTP_PROXY: 'http://[::1]/' };
const target = new URL('https://backups.example.com:8443');

function failed(message: string, properties: object): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), properties) });
}

test.each([
  ['a name that is not known', failed('getaddrinfo ENOTFOUND', { hostname: 'proxy.example.com' })],
  ['a refused connection', failed('connect ECONNREFUSED', { address: '192.0.2.1', port: 3128 })],
  [
    'refused connections to all its addresses',
    new AggregateError([Object.assign(new Error('connect ECONNREFUSED'), { address: '192.0.2.1', port: 3128 })]),
  ],
  [
    'a connect timeout',
    failed('Connect Timeout Error (attempted address: proxy.example.com:3128, timeout: 10000ms)', {}),
  ],
])('a proxy is named after %s, without its credentials', (_, error) => {
  expect(proxyAtFault(error, target, proxies)).toBe('http://proxy.example.com:3128');
});

test('a proxy on the port of the target is named only if its address refused', () => {
  const refusedBy = (address: string) => failed('connect ECONNREFUSED', { address, port: 80 });
  const url = new URL('http://backups.example.com');
  expect(proxyAtFault(refusedBy('::1'), url, proxies)).toBe('http://[::1]');
  expect(proxyAtFault(refusedBy('192.0.2.2'), url, proxies)).toBeNull();
});

test.each([
  ['the target cannot be found', failed('getaddrinfo ENOTFOUND', { hostname: 'backups.example.com' }), proxies],
  ['the target refuses', failed('connect ECONNREFUSED', { address: '192.0.2.2', port: 8443 }), proxies],
  ['the connection is closed', failed('other side closed', { code: 'UND_ERR_SOCKET' }), proxies],
  ['no proxy is set', failed('connect ECONNREFUSED', { address: '192.0.2.1', port: 3128 }), null],
])('no proxy is named if %s', (_, error, given) => {
  expect(proxyAtFault(error, target, given)).toBeNull();
});
