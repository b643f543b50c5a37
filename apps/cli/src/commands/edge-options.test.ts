import { expect, test } from 'vitest';
import { readEnvironment } from '../environment.ts';
import { edgesOf } from './edge-options.ts';

test('a certificate needs its key and a key its certificate, from options or the environment', () => {
  const environment = readEnvironment({ BACKUP_SYNC_TLS_CERTIFICATE: 'a.pem', BACKUP_SYNC_TLS_KEY: 'b.pem' });
  expect(edgesOf({ tlsKey: 'c.pem' }, environment).tls).toEqual({ certificate: 'a.pem', key: 'c.pem' });
  expect(() => edgesOf({ tlsKey: 'c.pem' }, readEnvironment({}))).toThrow('add --tls-certificate');
  expect(() => edgesOf({ tlsCertificate: 'a.pem' }, readEnvironment({}))).toThrow('add --tls-key');
  expect(edgesOf({}, readEnvironment({})).tls).toBeUndefined();
});

test('the environment sets trusted proxies and limits, and a wrong value is named', () => {
  const environment = readEnvironment({
    BACKUP_SYNC_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1',
    BACKUP_SYNC_CALLS_PER_SECOND: '7',
  });
  expect(edgesOf({}, environment)).toMatchObject({
    trustedProxies: ['10.0.0.0/8', '2001:db8::1'],
    limits: { callsPerSecond: 7 },
    behindTlsProxy: false,
  });
  for (const wrong of ['loopback', '10.0.0.0/33', '10.0.0.0/8,', 'proxy.example']) {
    expect(() => readEnvironment({ BACKUP_SYNC_TRUSTED_PROXIES: wrong })).toThrow('BACKUP_SYNC_TRUSTED_PROXIES has');
  }
  expect(() => readEnvironment({ BACKUP_SYNC_BEHIND_TLS_PROXY: 'yes' })).toThrow('must be true or false');
});
