import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { signature } from '@backup-sync/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSignedWith, readSignature, type SignedRequest } from './signed-request.ts';

const nowMs = Date.UTC(2026, 10, 23, 12, 55, 10);
const secretKey = 'a secret of this test';
const sha256OfNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Signs as a client does. */
async function sign(
  request: Omit<SignedRequest, 'body'> & { readonly body: string },
  signedHeaders = request.headers.map(([name]) => name.toLowerCase()),
): Promise<SignedRequest> {
  const body = Buffer.from(request.body);
  const bodyHash = Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex');
  const date = request.headers.find(([name]) => name === 'X-Sdk-Date')?.[1] ?? '';
  const digest = await signature(secretKey, date, { ...request, signedHeaders, bodyHash });
  const authorization = `SDK-HMAC-SHA256 Access=AK1, SignedHeaders=${signedHeaders.join(';')}, Signature=${digest}`;
  return { ...request, body, headers: [...request.headers, ['Authorization', authorization]] };
}

const plain = {
  method: 'POST',
  target: '/v3/p/backups/sync?limit=5',
  headers: [
    ['Host', '127.0.0.1:8787'],
    ['X-Sdk-Date', '20261123T125510Z'],
    ['X-Project-Id', 'p'],
  ],
  body: '{"sync":[]}',
} as const;

function isRight(request: SignedRequest, atMs = nowMs): boolean {
  return isSignedWith(secretKey, readSignature(request, atMs));
}

const recordings = new URL('../../../../../shared/fixtures/official-clients/', import.meta.url);

describe.each(['huaweicloud-sdk-python', 'huaweicloud-sdk-nodejs'])('the requests that %s sent', (client) => {
  const path = fileURLToPath(new URL(`${client}.ndjson`, recordings));
  test.skipIf(!existsSync(path))('verify at their date, and not with another key', (context) => {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    let verified = 0;
    for (const line of lines) {
      const recorded = JSON.parse(line) as SignedRequest & { readonly body: string };
      const date = recorded.headers.find(([name]) => name === 'X-Sdk-Date')?.[1] ?? '';
      const atMs = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)/, '$1-$2-$3T$4:$5:'));
      const read = readSignature({ ...recorded, body: Buffer.from(recorded.body) }, atMs);
      expect(read.accessKey).toBe('AKEXAMPLE0000000001');
      expect(isSignedWith('SKexample/secret+key=000000000000000000001', read), recorded.target).toBe(true);
      expect(isSignedWith('SKexample/secret+key=000000000000000000002', read)).toBe(false);
      verified += 1;
    }
    expect(verified, context.task.name).toBe(client === 'huaweicloud-sdk-python' ? 10 : 7);
  });
});

describe('a signed request', () => {
  const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
  const segment = word.filter((text) => text !== '.' && text !== '..').map(encodeURIComponent);
  const requests = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      segments: fc.array(segment, { minLength: 1, maxLength: 4 }),
      query: fc.array(fc.tuple(word, word), { maxLength: 3 }),
      note: fc.string({ maxLength: 20, unit: 'grapheme' }).map((text) => text.trim()),
      body: fc.string({ maxLength: 50, unit: 'grapheme' }),
    })
    .map(({ method, segments, query, note, body }) => {
      const pairs = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
      const target = `/${segments.join('/')}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
      return { method, target, headers: [...plain.headers, ['X-Note', note]] as const, body };
    });

  test('is valid as it was sent, however its address is encoded', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const signed = await sign(request);
        expect(isRight(signed)).toBe(true);
        const [path = '', query] = signed.target.split('?');
        const sorted = query?.split('&').toReversed().join('&');
        expect(isRight({ ...signed, target: path + (sorted === undefined ? '' : `?${sorted}`) })).toBe(true);
      }),
    );
  });

  test('is refused after any change of meaning: method, path, query, a signed header, the body', async () => {
    type Change = (request: SignedRequest) => SignedRequest;
    const changes = fc.oneof(
      fc.constant<Change>((request) => ({ ...request, method: request.method === 'GET' ? 'PUT' : 'GET' })),
      segment.map<Change>((text) => (request) => {
        const [path, ...query] = request.target.split('?');
        return { ...request, target: [`${path}/${text}`, ...query].join('?') };
      }),
      fc.constant<Change>((request) => ({ ...request, target: request.target.replace('/', '/%61') })),
      fc.tuple(word, word).map<Change>(([name, value]) => (request) => {
        const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
        return { ...request, target: `${request.target}${request.target.includes('?') ? '&' : '?'}${pair}` };
      }),
      fc.nat(3).map<Change>((which) => (request) => {
        const name = ['host', 'x-project-id', 'x-note', 'x-sdk-date'][which];
        const alter = (value: string) => (name === 'x-sdk-date' ? value.replace('10Z', '11Z') : `${value}x`);
        const headers = request.headers.map(
          ([each, value]) => [each, each.toLowerCase() === name ? alter(value) : value] as const,
        );
        return { ...request, headers };
      }),
      fc.constant<Change>((request) => {
        const headers = request.headers.map(
          ([name, value]) => [name, name === 'Authorization' ? value.replace(';x-note', '') : value] as const,
        );
        return { ...request, headers };
      }),
      word.map<Change>((text) => (request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from(text)]) })),
    );
    await fc.assert(
      fc.asyncProperty(requests, changes, async (request, change) => {
        expect(isRight(change(await sign(request)))).toBe(false);
      }),
    );
  });

  test('is accepted within 15 minutes of its date, and no longer', async () => {
    const signed = await sign(plain);
    const minutesMs = 60_000;
    for (const offMs of [-15 * minutesMs, 0, 15 * minutesMs]) expect(isRight(signed, nowMs + offMs)).toBe(true);
    for (const offMs of [-15 * minutesMs - 1, 15 * minutesMs + 1]) {
      expect(() => isRight(signed, nowMs + offMs)).toThrow('more than 15 minutes off');
    }
  });

  test('must sign its date', async () => {
    await expect(sign(plain, ['host']).then(isRight)).rejects.toThrow('the header x-sdk-date must be signed');
  });

  // Digests from the tests of the SDK itself. Terraform signs in the same way.
  test.each([
    ['GET', '/path?limit=1', '', '5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624'],
    [
      'POST',
      '/path?key=value',
      '{"Name":"test","Id":1}\n',
      'cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59',
    ],
  ])('is accepted as the official SDK for Go signs it, without the host: %s %s', (method, target, text, digest) => {
    const authorization = `SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, Signature=${digest}`;
    const headers = [
      ['Host', 'example.huaweicloud.com'],
      ['X-Sdk-Date', '20060102T150405Z'],
      ['Authorization', authorization],
    ] as const;
    const read = readSignature({ method, target, headers, body: Buffer.from(text) }, Date.UTC(2006, 0, 2, 15, 4, 5));
    expect(isSignedWith('SecretKey', read)).toBe(true);
    expect(isSignedWith('another secret', read)).toBe(false);
  });

  test('must sign its body', async () => {
    const withHash = (value: string) =>
      sign({ ...plain, headers: [...plain.headers, ['X-Sdk-Content-Sha256', value]] });
    await expect(withHash('UNSIGNED-PAYLOAD').then(isRight)).rejects.toThrow('UNSIGNED-PAYLOAD is not accepted');
    await expect(withHash(sha256OfNothing).then(isRight)).rejects.toThrow('does not match the body');
    const empty = {
      ...plain,
      body: '',
      headers: [...plain.headers, ['X-Sdk-Content-Sha256', sha256OfNothing]] as const,
    };
    expect(isRight(await sign(empty))).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['another scheme', 'Bearer abc'],
    ['no key', `SDK-HMAC-SHA256 Access=, SignedHeaders=host;x-sdk-date, Signature=${sha256OfNothing}`],
    ['a cut signature', 'SDK-HMAC-SHA256 Access=A, SignedHeaders=host;x-sdk-date, Signature=e3b0'],
    ['a header twice', `SDK-HMAC-SHA256 Access=A, SignedHeaders=host;host;x-sdk-date, Signature=${sha256OfNothing}`],
    [
      'a header that is missing',
      `SDK-HMAC-SHA256 Access=A, SignedHeaders=host;no;x-sdk-date, Signature=${sha256OfNothing}`,
    ],
  ])('with %s as its authorization is refused', (_, authorization) => {
    const request = {
      ...plain,
      body: Buffer.from(''),
      headers: [...plain.headers, ['Authorization', authorization]] as const,
    };
    expect(() => readSignature(request, nowMs)).toThrow(expect.objectContaining({ code: 'not_authenticated' }));
  });

  test.each(['/v3/p/backups/a#x', '/v3/p/backups/a\u00a0', '/v3/p/backups/a\ufeff', 'http://host/v3/p/backups/a', '*'])(
    'for the address %j, which routers read otherwise than it is signed, is refused',
    async (target) => {
      await expect(sign({ ...plain, target }).then(isRight)).rejects.toThrow('percent-encoded');
    },
  );

  test('with a temporary key, or a second date, is refused', async () => {
    const temporary = await sign({ ...plain, headers: [...plain.headers, ['X-Security-Token', 't']] });
    expect(() => isRight(temporary)).toThrow('temporary access keys are not supported');
    const signed = await sign(plain);
    const twice = { ...signed, headers: [...signed.headers, ['X-Sdk-Date', '20261123T125510Z']] as const };
    expect(() => isRight(twice)).toThrow('x-sdk-date occurs twice');
  });
});
