import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { signedBy } from '../testing/signed-by.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { TestClock } from '../testing/test-clock.ts';

test('with a lost secret key, signatures are not called wrong, and the operator is notified', async () => {
  await using buckets = await makeTestBuckets();
  const dataDirectory = join(buckets.directory, '.data');
  const clock = new TestClock(Date.UTC(2026, 10, 23, 12));
  const faults: unknown[] = [];
  const open = () =>
    openEmbeddedEngine({
      dataDirectory,
      storage: `file:${buckets.directory}`,
      clock,
      onFault: (place, error) => faults.push([place, error]),
    });
  const file = join(dataDirectory, 'secret.key');
  const { accessKey, secretKey } = await (async () => {
    await using engine = await open();
    await engine.identity.beginUsers('root', 'a password of twelve', {
      origin: { door: 'engine', address: null },
      requestId: 'r',
    });
    const project_id = engine.identity.project.id;
    const caller = { kind: 'system', name: 'tester', projectId: project_id, role: 'administrator' } as const;
    const input = { project_id, user_name: 'admin', target_project_id: project_id };
    const made = await engine.call('createAccessKey', { caller, requestId: 'r' }, input);
    return { accessKey: made.access_key.access_key, secretKey: made.secret_key };
  })();
  await rename(file, `${file}.away`);

  await using engine = await open();
  const call = () => engine.identity.authenticateSigned(signedBy(accessKey, secretKey, clock.timeMs));
  await expect(engine.identity.checkAccessKeys()).rejects.toThrow(`${file} does not exist`);
  await expect(call()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(accessKey) });
  await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  expect(faults).toEqual([['signatures', expect.objectContaining({ name: 'SecretKeyError' })]]);
  clock.timeMs += 60_000;
  await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  expect(faults).toHaveLength(2);
  const unknown = engine.identity.authenticateSigned(signedBy('UNKNOWN', secretKey, clock.timeMs));
  await expect(unknown).rejects.toMatchObject({ code: 'not_authenticated' });

  await rename(`${file}.away`, file);
  expect(await call()).toMatchObject({ name: 'admin' });
  await engine.identity.checkAccessKeys();
});
