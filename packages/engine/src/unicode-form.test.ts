import { expect, test } from 'vitest';
import { openFilesystemStorageUnit } from './storage/filesystem/filesystem-storage-unit.ts';
import { expectCode, listAll } from './storage/storage-conformance.ts';
import { syncItemOf, writeSmallChain } from './testing/small-chain.ts';
import { makeTestBuckets } from './testing/test-buckets.ts';
import { openTestEngine } from './testing/test-engine.ts';
import { formRemark, otherForms } from './unicode-form.ts';

const composed = 'S\u00fcd';
const decomposed = 'Su\u0308d';

test('a remark says if two names differ only in their Unicode normalisation', () => {
  expect(formRemark(composed, decomposed)).toBe('; they differ only in their Unicode normalisation (NFC and NFD)');
  expect(formRemark(composed, composed)).toBe('');
  expect(formRemark(composed, 'Sued')).toBe('');
  expect(otherForms(composed)).toEqual([decomposed]);
  expect(otherForms('plain')).toEqual([]);
});

const [backup] = writeSmallChain('form', 16, []);
if (backup === undefined) throw new Error('the chain has one link');
const inForm = (text: string, form: string) => text.replace('nova', form);

test('the message says if the image path exists in another Unicode normalisation', async () => {
  await using engine = await openTestEngine();
  await engine.buckets.put(
    'bucket',
    [...backup.objects].map(([key, bytes]) => [inForm(key, decomposed), bytes]),
  );
  const item = syncItemOf(backup, 'bucket');
  const imagePath = inForm(item.image_path, composed);
  // The beginning of another name does not count.
  const [log, ofOther] = await engine.sync([
    { ...item, image_path: imagePath },
    { ...item, backup_id: 'other', image_path: imagePath.slice(0, -1) },
  ]);
  expect(ofOther?.backup_sync.reason?.code).toBe('path_not_found');
  expect(ofOther?.backup_sync.reason?.message).not.toContain('normalisation');
  expect(log?.backup_sync.reason).toMatchObject({
    code: 'path_not_found',
    message: expect.stringContaining('the same name exists in another Unicode normalisation (NFD instead of NFC)'),
  });
});

test('the message says if names in the metadata differ from the keys only in their Unicode normalisation', async () => {
  await using engine = await openTestEngine();
  await engine.buckets.put(
    'bucket',
    [...backup.objects].map(([key, bytes]) => [
      inForm(key, decomposed),
      key.endsWith('_metadata')
        ? Buffer.from(Buffer.from(bytes).toString().replaceAll('az_nova_', 'az_S\\u00fcd_'))
        : bytes,
    ]),
  );
  const item = syncItemOf(backup, 'bucket');
  const [log] = await engine.sync([{ ...item, image_path: inForm(item.image_path, decomposed) }]);
  expect(log?.backup_sync.reason).toMatchObject({
    code: 'identity_mismatch',
    message: expect.stringContaining('they differ only in their Unicode normalisation (NFC and NFD)'),
  });
});

test('the message says if the bucket exists in another Unicode normalisation', async () => {
  await using buckets = await makeTestBuckets();
  await buckets.put(decomposed, backup.objects);
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const error = await expectCode('bucket_not_found', listAll(storage, composed));
  expect(error.message).toContain('the same name exists in another Unicode normalisation (NFD instead of NFC)');
});
