import { expect, test } from 'vitest';
import { readRange, versionIn } from '../../storage/ranged-read-conformance.ts';
import { expectCode } from '../../storage/storage-conformance.ts';
import { openMemoryUnderTest } from '../../testing/memory-under-test.ts';
import { AskingStorage } from './asking-storage.ts';
import type { FromAskingStorage, ToAskingStorage } from './messages.ts';
import { RequestAdmission } from './request-admission.ts';

/** The two ends of a storage unit that is shared by threads. Messages are cloned as between threads. */
async function openAsking() {
  const memory = await openMemoryUnderTest()({ bucket: { a: 'hello' } });
  const sent: FromAskingStorage[] = [];
  const asking: AskingStorage = new AskingStorage(memory, (message) => {
    sent.push(message);
    admission.receive(structuredClone(message));
  });
  const admission = new RequestAdmission(memory, (message: ToAskingStorage) =>
    asking.receive(structuredClone(message)),
  );
  return { memory, unit: asking.unit, sent };
}

test('a thread that reads a range asks for one request, and reports the bytes of the range', async () => {
  const { memory, unit, sent } = await openAsking();
  expect(await readRange(unit, 'a', 1, 4, await versionIn(memory, 'a'))).toBe('ell');
  expect(sent).toMatchObject([
    { kind: 'ask', of: 'get', bucket: 'bucket', subject: 'a' },
    { kind: 'begun', error: null },
    { kind: 'done', bytesRead: 3 },
  ]);
});

test('a thread that reads a changed object gets the error', async () => {
  const { memory, unit } = await openAsking();
  const of = await versionIn(memory, 'a');
  await memory.replaceObject('bucket', 'a', 'other');
  await expectCode('changed_while_read', readRange(unit, 'a', 1, 4, of));
});
