import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, test } from 'vitest';
import { signedHeaders } from './signing-for-tests.ts';
import { startTestGateway } from './testing.ts';

test('a request signed to delete one backup deletes no other, however its address is cut in transit', async () => {
  await using gateway = await startTestGateway({});
  const { body } = await gateway.call('POST', '/v1/projects/{project_id}/access-keys', {
    user_name: 'admin',
    target_project_id: gateway.projectId,
  });
  const key = { accessKey: body.access_key.access_key, secretKey: body.secret_key };
  const backups = `${gateway.endpoint}/v3/${gateway.projectId}/backups`;
  const forget = async (path: string) => {
    const signed = { method: 'DELETE', url: new URL(`${backups}/day-1%23b`), body: '' };
    const { hostname, port, pathname } = new URL(backups);
    const headers = signedHeaders(key, signed, Date.now());
    const sent = request({ method: 'DELETE', hostname, port, path: `${pathname}/${path}`, headers }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  // The signature is valid here; the backup does not exist.
  expect(await forget('day-1%23b')).toBe(404);
  expect(await forget('day-1#b')).toBe(401);
});
