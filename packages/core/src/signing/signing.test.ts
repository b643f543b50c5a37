import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalRequest } from './canonical-request.ts';
import { signingHeaders } from './sign-request.ts';
import { sha256Hex, signature } from './signature.ts';

const fixtures = fileURLToPath(new URL('../../../../../shared/fixtures/official-clients/', import.meta.url));
const recordedKey = {
  accessKey: 'AKEXAMPLE0000000001',
  secretKey: 'SKexample/secret+key=000000000000000000001',
};

type Recorded = { method: string; target: string; headers: [string, string][]; body: string };

describe.each(['huaweicloud-sdk-python.ndjson', 'huaweicloud-sdk-nodejs.ndjson'])('the requests of %s', (file) => {
  test.skipIf(!existsSync(fixtures + file))('are signed as their client signed them', async () => {
    const requests = readFileSync(fixtures + file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): Recorded => JSON.parse(line));
    expect(requests.length).toBeGreaterThan(5);
    for (const { method, target, headers, body } of requests) {
      const header = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? '';
      const [, names = '', signed] = /SignedHeaders=([^,]+), Signature=(\w+)/.exec(header('authorization')) ?? [];
      const bodyHash = await sha256Hex(body);
      const request = { method, target, headers, signedHeaders: names.split(';'), bodyHash };
      expect(await signature(recordedKey.secretKey, header('x-sdk-date'), request), target).toBe(signed);
    }
  });
});

test('a request gets the same signature as with the official SDK, whatever is in it', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((each) => each.isWellFormed());
  // The SDK encodes an encoded path again, so it gets decoded paths, with only the characters that they may contain.
  const segment = fc
    .string({ unit: fc.constantFrom(...'aZ09_.~-!$&()*+,:@=', '备', 'é', '💾'), minLength: 1, maxLength: 12 })
    .filter((each) => each !== '.' && each !== '..');
  const header = fc.tuple(fc.stringMatching(/^x-[a-z0-9-]{1,12}$/), fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'),
      fc.array(segment, { minLength: 1, maxLength: 5 }),
      fc.dictionary(text, fc.array(text, { minLength: 1, maxLength: 3 }), { maxKeys: 6, noNullPrototype: true }),
      fc.array(header, { maxLength: 3 }),
      fc.option(fc.jsonValue(), { nil: undefined }),
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
      async (method, segments, query, others, data, secretKey, date) => {
        const credentials = new BasicCredentials().withAk('AK').withSk(secretKey);
        const endpoint = `https://cbr.example.com:8443/${segments.join('/')}`;
        const headers = new Headers([...others, ['content-type', 'application/json'], ['x-project-id', 'p']]);
        const url = new URL(endpoint);
        for (const [name, values] of Object.entries(query)) {
          for (const value of values) url.searchParams.append(name, value);
        }
        const body = data ? JSON.stringify(data) : '';
        const sentDate = `${date.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`;
        const ours = await signingHeaders(
          { accessKey: 'AK', secretKey },
          { method, url, headers, body, nowMs: date.getTime() },
        );
        const theirs = AKSKSigner.sign(
          {
            endpoint,
            method,
            queryParams: query,
            headers: { ...Object.fromEntries(headers), 'X-Sdk-Date': sentDate },
            // For falsy data, the SDK hashes an empty body.
            ...(data ? { data } : {}),
          },
          credentials,
        );
        expect(ours.get('x-sdk-date')).toBe(sentDate);
        expect(theirs).toMatchObject({ Authorization: ours.get('authorization') });
      },
    ),
  );
});

describe('the canonical request', () => {
  const request = {
    method: 'GET',
    target: '/v3/p/backups',
    headers: [['Host', ' cbr.example.com ']] as const,
    signedHeaders: ['host'],
    bodyHash: 'hash',
  };

  test('ends the path in a slash, and has sorted, trimmed headers with an empty line after them', () => {
    const headers = [...request.headers, ['X-Sdk-Date', '20260101T000000Z'], ['A', '1']] as const;
    expect(canonicalRequest({ ...request, headers, signedHeaders: ['x-sdk-date', 'host', 'a'] })).toBe(
      'GET\n/v3/p/backups/\n\na:1\nhost:cbr.example.com\nx-sdk-date:20260101T000000Z\n\na;host;x-sdk-date\nhash',
    );
  });

  test('is the same however the client writes the address', () => {
    const spellings = [
      '/v3/%70/backups?b=a%20b&a=%7E*&a=%2A%2f',
      '/v3/p/backups?b=a+b&a=~%2A&a=*/',
      '/v3/p/backups/?a=*%2F&a=~*&&b=a%20b',
    ];
    const forms = new Set(spellings.map((target) => canonicalRequest({ ...request, target })));
    expect([...forms]).toEqual(['GET\n/v3/p/backups/\na=%2A%2F&a=~%2A&b=a%20b\nhost:cbr.example.com\n\nhost\nhash']);
  });

  test('keeps a slash apart from an encoded slash', () => {
    expect(canonicalRequest({ ...request, target: '/v3/p%2Fq' })).not.toBe(
      canonicalRequest({ ...request, target: '/v3/p/q' }),
    );
  });

  test.each([
    [{ signedHeaders: ['host', 'x-sdk-date'] }, 'x-sdk-date'],
    [{ target: '/v3/%zz' }, '%zz'],
    [{ target: '/v3/p?a=%ff' }, '%ff'],
  ])('refuses %j', (change, named) => {
    expect(() => canonicalRequest({ ...request, ...change })).toThrow(
      expect.objectContaining({ code: 'not_authenticated', message: expect.stringContaining(named) }),
    );
  });
});

test('a temporary key sends and signs its security token', async () => {
  const request = {
    method: 'GET',
    url: new URL('https://cbr.example.com/v3/p/backups'),
    headers: new Headers({ 'x-project-id': 'p' }),
    body: '',
    nowMs: 0,
  };
  const headers = await signingHeaders({ accessKey: 'AK', secretKey: 'SK', securityToken: 'temporary' }, request);
  expect(headers.get('x-security-token')).toBe('temporary');
  expect(headers.get('authorization')).toContain('SignedHeaders=host;x-project-id;x-sdk-date;x-security-token,');
});
