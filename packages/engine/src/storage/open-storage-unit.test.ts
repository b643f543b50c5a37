import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeBucketFiles } from '../testing/bucket-files.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { parseStorage, StorageSpecificationError, storageDrivers, withoutCredentials } from './drivers.ts';
import { openStorageUnit } from './open-storage-unit.ts';
import { expectCode, listAll } from './storage-conformance.ts';

test('opens a directory', async () => {
  await using files = await makeBucketFiles({ bucket: { a: '' } });
  for (const specification of [`file:${files.path}`, `file://${files.path}`]) {
    await using unit = await openStorageUnit(specification, {}, { id: 'disk' });
    expect(unit.id).toBe('disk');
    expect(await listAll(unit, 'bucket')).toHaveLength(1);
  }
  await expectCode('unreachable', openStorageUnit(`file:${files.path}/missing`, {}));
});

test('opens an S3 service', async () => {
  await using server = await startS3Server({ bucket: { a: '' } });
  await using unit = await openStorageUnit(`s3:${server.options.endpoint}`, { region: 'eu-west-1' });
  expect(unit.id).toBe('default');
});

test.each([
  ['', 'starts with neither "file:" nor "s3:"'],
  ['/srv/backups', 'starts with neither "file:" nor "s3:"'],
  ['gs://bucket', 'starts with neither "file:" nor "s3:"'],
  ['file:', 'names no directory'],
  ['file:a\0b', 'has a NUL character'],
  ['file://server/share', 'names a host, not a directory'],
  ['s3:', 'has no complete address after "s3:"'],
  ['s3://bucket', 'has no complete address after "s3:"'],
  ['s3:obs.example.com', 'has no complete address after "s3:"'],
  ['s3:ftp://obs.example.com', 'has an address that is not http or https'],
  ['s3:https://obs.example.com/?x=1', 'has an address with a query or fragment'],
])('refuses "%s" and says what is expected', async (specification, problem) => {
  const error = await openStorageUnit(specification, {}).catch((thrown: unknown) => thrown);
  if (!(error instanceof StorageSpecificationError)) throw new Error(`expected a refusal, got ${String(error)}`);
  expect(error.message).toContain(problem);
  expect(error.message).toContain('file:<directory>');
  expect(error.message).toContain('s3:<endpoint>');
});

test.each([
  ['s3:https://user:hunter2@obs.example.com', 'has credentials in its address'],
  ['s3:ftp://user:hunter2@obs.example.com', 'is not http or https'],
  ['s3:https://user:hunter2/x@obs.example.com', 'has no complete address'],
  ['S3:https://user:hunter2@obs.example.com', 'starts with neither'],
  ['user:hunter2@obs.example.com', 'starts with neither'],
])('does not repeat the credentials of "%s"', async (specification, problem) => {
  const error = await openStorageUnit(specification, {}).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain(problem);
  expect(String(error)).toContain('obs.example.com');
  expect(String(error)).not.toMatch(/hunter2|user/);
});

test('an "@" in the name of a directory is shown', async () => {
  await expect(openStorageUnit('file://a@b/c', {})).rejects.toThrow('"file://a@b/c"');
});

test('a directory is opened without the AWS SDK', async () => {
  await using files = await makeBucketFiles({ bucket: {} });
  const module = JSON.stringify(import.meta.resolve('./open-storage-unit.ts'));
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ resolve: (name, context, next) => { loaded.push(name); return next(name, context); } });
    const { openStorageUnit } = await import(${module});
    await openStorageUnit(${JSON.stringify(`file:${files.path}`)}, {});
    process.stdout.write(JSON.stringify(loaded));`;
  const flags = ['--conditions=@backup-sync/source', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  expect(stdout).toContain('filesystem-storage-unit.ts');
  expect(stdout).not.toContain('@aws-sdk');
});

test('a specification is shown without anything that may be a credential', () => {
  expect(withoutCredentials('file:/srv/a@b')).toBe('file:/srv/a@b');
  expect(withoutCredentials('s3:https://user:hunter2@obs.example.com/x')).toBe('s3:https://obs.example.com/x');
  expect(withoutCredentials('s3:user:hunter2@obs')).toBe('s3:obs');
  expect(withoutCredentials('user:hunter2@obs')).toBe('obs');
});

test('each driver describes its specification and parses its own example', () => {
  for (const { scheme, form, example, leastPolicy } of storageDrivers) {
    expect(form).toMatch(new RegExp(`^${scheme}:<\\w+>$`));
    expect(parseStorage(example).driver.scheme).toBe(scheme);
    if (leastPolicy !== null) expect(JSON.stringify(leastPolicy.of(['one', 'other']))).toMatch(/one.*other/);
  }
});
