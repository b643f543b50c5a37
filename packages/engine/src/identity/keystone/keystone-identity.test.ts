import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedEngine } from '../../open-embedded-engine.ts';
import { startKeystone } from '../../testing/keystone-server.ts';
import { signedBy } from '../../testing/signed-by.ts';
import { makeTestBuckets } from '../../testing/test-buckets.ts';
import { TestClock } from '../../testing/test-clock.ts';

test('with Keystone, tokens and access keys of earlier embedded users give no access', async () => {
  await using buckets = await makeTestBuckets();
  const clock = new TestClock(Date.UTC(2026, 10, 23, 12));
  await using keystone = await startKeystone(clock);
  const faults: unknown[] = [];
  const options = {
    dataDirectory: join(buckets.directory, '.data'),
    storage: `file:${buckets.directory}`,
    clock,
    onFault: (place: string, error: unknown) => faults.push([place, error]),
  };
  const password = 'a password of twelve';
  const from = { origin: { door: 'engine', address: null }, requestId: 'r' } as const;
  const before = await (async () => {
    await using engine = await openEmbeddedEngine(options);
    await engine.identity.beginUsers('root', password, from);
    const { token, caller } = await engine.identity.issueToken({ from, userName: 'admin', password, project: null });
    const project_id = caller.projectId;
    const input = { project_id, user_name: 'admin', target_project_id: project_id };
    const key = await engine.call('createAccessKey', { caller, requestId: 'r' }, input);
    const signed = signedBy(key.access_key.access_key, key.secret_key, clock.timeMs);
    const { expiresAtMs: _ends, ...holder } = caller;
    expect(await engine.identity.authenticateSigned(signed)).toEqual(holder);
    return { token, caller, signed };
  })();

  await using engine = await openEmbeddedEngine({ ...options, keystone: keystone.options });
  const { identity } = engine;
  expect(await identity.authenticate(before.token)).toBeNull();
  expect(await identity.inspectToken(before.token)).toBeNull();
  const elsewhere = { code: 'identity_elsewhere' };
  await expect(identity.exchangeToken(before.token, null, from)).rejects.toMatchObject(elsewhere);
  await expect(identity.revoke(before.token, before.caller, from)).rejects.toMatchObject(elsewhere);
  await expect(identity.issueToken({ from, userName: 'admin', password, project: null })).rejects.toMatchObject(
    elsewhere,
  );
  await expect(identity.authenticateSigned(before.signed)).rejects.toMatchObject({
    code: 'not_authenticated',
    message: expect.stringContaining('access keys are not accepted here'),
  });
  const operator = await identity.issueSystemToken('root', null, from);
  expect(await identity.authenticate(operator.token)).toEqual(operator.caller);
  expect(faults).toEqual([]);
});
