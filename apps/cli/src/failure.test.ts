import { expect, test } from 'vitest';
import { failureOf } from './failure.ts';

/** Like that of the engine, which only commands that read storage load. */
const storageError = (code: string) =>
  Object.assign(new Error('bucket "b": the service expects region "eu-west-3"'), { name: 'StorageError', code });

test('an error of storage says what to do', () => {
  expect(failureOf(storageError('storage_wrong_region'))).toMatchObject({
    exitCode: 1,
    code: 'BackupSync.2033',
    message: expect.stringMatching(/another region: bucket "b": .*"eu-west-3"$/),
    remedy: expect.stringMatching(/AWS_REGION.*, then run the command again\.$/),
  });
  expect(failureOf(storageError('unreachable'))).toMatchObject({
    code: 'BackupSync.2004',
    message: expect.stringMatching(/^the storage unit could not be reached: bucket "b": /),
    remedy: expect.stringMatching(/--storage.*, then run the command again\.$/),
  });
});
