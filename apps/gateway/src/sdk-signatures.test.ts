import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLogger } from './sdk-logger-for-tests.ts';
import { startTestGateway } from './testing.ts';

test('any request that the official SDK signs is accepted, and with another secret it is refused', async () => {
  await using gateway = await startTestGateway({});
  const { body } = await gateway.call('POST', '/v1/projects/{project_id}/access-keys', {
    user_name: 'admin',
    target_project_id: gateway.projectId,
  });
  const clientWith = (secretKey: string) =>
    new HcClient(new DefaultHttpClient({ logger: silentLogger }, [gateway.endpoint]))
      .withCredential(
        new BasicCredentials().withAk(body.access_key.access_key).withSk(secretKey).withProjectId(gateway.projectId),
      )
      .withEndpoints([gateway.endpoint]);
  const [right, wrong] = [clientWith(body.secret_key), clientWith(`${body.secret_key}x`)];

  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((each) => each.isWellFormed());
  // After signing, the SDK's HTTP client drops names that could reach a prototype.
  const name = text.filter((each) => !(each in {}) && each !== 'prototype');
  const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 3 }));
  const segment = fc.stringMatching(/^[\w.~-]{1,12}$/).filter((each) => each !== '.' && each !== '..');
  const header = fc.tuple(fc.stringMatching(/^x-[a-z0-9]{1,12}$/), fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.constant(['GET', '/backups'] as const),
        fc.constant(['POST', '/backups/sync'] as const),
        fc.tuple(
          fc.constantFrom('GET', 'DELETE'),
          segment.map((id) => `/backups/${id}`),
        ),
        fc.tuple(
          fc.constant('GET'),
          segment.map((id) => `/operation-logs/${id}`),
        ),
      ),
      fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      fc.array(header, { maxLength: 3 }),
      fc.option(fc.dictionary(name, value, { minKeys: 1, noNullPrototype: true }), {
        nil: undefined,
      }),
      async ([method, path], queryParams, headers, data) => {
        const statusOf = async (client: HcClient) => {
          const sent = client.sendRequest({
            method,
            url: `/v3/{project_id}${path}`,
            contentType: 'application/json',
            queryParams: { ...queryParams },
            pathParams: { project_id: gateway.projectId },
            headers: Object.fromEntries(headers),
            ...(data !== undefined && { data }),
          });
          const answer = await sent.then(
            (answered) => answered as { httpStatusCode: number },
            (refused: { httpStatusCode: number }) => refused,
          );
          return answer.httpStatusCode;
        };
        expect([200, 400, 404]).toContain(await statusOf(right));
        expect(await statusOf(wrong)).toBe(401);
      },
    ),
  );
  expect(gateway.faults).toEqual([]);
});
