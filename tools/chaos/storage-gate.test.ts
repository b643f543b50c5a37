import { expect, test } from 'vitest';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import { readRange, versionIn } from '../../packages/engine/src/storage/ranged-read-conformance.ts';
import { expectCode } from '../../packages/engine/src/storage/storage-conformance.ts';
import { StorageGate } from './storage-gate.ts';

test('a range can be read through the gate, and only of the expected version', async () => {
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  await using gate = await StorageGate.open();
  await gate.store(new Map([['bucket', new Map([['a', Buffer.from('hello')]])]]));
  await using unit = await openStorageUnit(gate.specification);
  const of = await versionIn(unit, 'a');
  expect(await readRange(unit, 'a', 1, 4, of)).toBe('ell');
  await gate.store(new Map([['bucket', new Map([['a', Buffer.from('HELLO')]])]]));
  await expectCode('changed_while_read', readRange(unit, 'a', 1, 4, of));
});
