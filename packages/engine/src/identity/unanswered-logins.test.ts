import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { cannotMount, mountSmallDisk } from '../testing/small-disk.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const password = 'a password of twelve';
const from = { origin: { door: 'engine', address: null }, requestId: 'r' } as const;

test('logins that a full disk stops are no wrong passwords, and lock nobody out', async ({ skip }) => {
  await using disk = await mountSmallDisk(8);
  if (disk === null) return skip(cannotMount);
  await using buckets = await makeTestBuckets();
  await using engine = await openEmbeddedEngine({
    dataDirectory: join(disk.path, 'data'),
    storage: `file:${buckets.directory}`,
    clock: systemClock,
    onFault: () => {},
  });
  const { identity } = engine;
  await identity.beginUsers('root', password, from);
  const logIn = (given: string) => identity.issueToken({ userName: 'admin', password: given, project: null, from });
  disk.fill();
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await expect(logIn(password)).rejects.toThrow('is full');
  }
  disk.free();
  expect((await logIn(password)).caller).toMatchObject({ name: 'admin' });
  for (let guess = 0; guess < 10; guess += 1) {
    await expect(logIn('a wrong password')).rejects.toMatchObject({ code: 'not_authenticated' });
  }
  await expect(logIn(password)).rejects.toMatchObject({ code: 'throttled' });
});
