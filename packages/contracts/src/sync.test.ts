import { describe, expect, test } from 'vitest';
import { BackupSyncError } from './backup-sync-error.ts';
import { parseOrRefuse } from './problems.ts';
import { type BackupSyncInput, syncBackupsRequest } from './sync.ts';

/** The example of the specification. */
const example = {
  backup_id: '1f9e6b47-7655-4a19-b563-21b4ef023025',
  resource_id: '96f7512d-239d-3f31-80cf-d1ce041df9a6',
  resource_name: 'resource_name',
  resource_type: 'OS::Native::Server',
  bucket_name: '1555230361623e4ce4700dab84b7d8169a5eaec05227d',
  image_path:
    '6abec15e-7baf-4d79-b5a9-6b98a2da7020/cfe0295c-5939-4b31-96cd-161b4725e7ad/cfe0295c-5939-4b31-96cd-161b4725e7ad',
  created_at: 1553587260,
  backup_name: 'backup_name',
} satisfies BackupSyncInput;

function problemsOfItems(...sync: unknown[]): string[] {
  try {
    parseOrRefuse(syncBackupsRequest, { sync });
  } catch (error) {
    if (error instanceof BackupSyncError) return error.problems.map(({ place, message }) => `${place}: ${message}`);
    throw error;
  }
  return [];
}

describe('a sync request', () => {
  test('is accepted as the specification shows it', () => {
    expect(parseOrRefuse(syncBackupsRequest, { sync: [example] })).toEqual({ sync: [example] });
  });

  test('defaults the resource type to OS::Native::Server and ignores unknown keys', () => {
    const { resource_type: _, ...rest } = example;
    const parsed = parseOrRefuse(syncBackupsRequest, { sync: [{ ...rest, colour: 'blue' }] });
    expect(parsed.sync).toEqual([example]);
  });

  test.each(['resource_type'])('refuses null or an empty string as %s', (field) => {
    expect(problemsOfItems({ ...example, [field]: null })).toHaveLength(1);
    expect(problemsOfItems({ ...example, [field]: '' })).toEqual([
      `sync[0].${field}: must have 1 to 255 characters, has 0`,
    ]);
  });

  test.each(['backup_id', 'backup_name', 'bucket_name', 'image_path', 'resource_id', 'resource_name', 'created_at'])(
    'without %s is refused, and the problem names the place',
    (field) => {
      expect(problemsOfItems(example, { ...example, backup_id: 'other', [field]: undefined })).toEqual([
        `sync[1].${field}: is required`,
      ]);
    },
  );

  test.each([1_772_330_400_000, 1772330400.5, -1, '1.77233E+09', '2026-03-01 02:00:00', true])(
    'with created_at %j is refused: it must be whole seconds since 1970',
    (created_at) => {
      expect(problemsOfItems({ ...example, created_at })).toEqual([
        expect.stringMatching(/^sync\[0\]\.created_at: must be whole seconds since 1970/),
      ]);
    },
  );

  test('with several problems is refused with all of them at once', () => {
    const places = problemsOfItems({ ...example, backup_name: '', created_at: 1.5 }, example, 7, example).map(
      (problem) => problem.split(':')[0],
    );
    expect(places).toEqual([
      'sync[0].backup_name',
      'sync[0].created_at',
      'sync[2]',
      'sync[1].backup_id',
      'sync[3].backup_id',
    ]);
  });

  test('counts characters of names as code points', () => {
    expect(problemsOfItems({ ...example, backup_name: '𠮷'.repeat(64) })).toEqual([]);
    expect(problemsOfItems({ ...example, backup_name: '𠮷'.repeat(65) })).toEqual([
      'sync[0].backup_name: must have 1 to 64 characters, has 65',
    ]);
  });

  test.each(['\ud800', '.', '..', ''])('refuses %j as an id', (id) => {
    expect(problemsOfItems({ ...example, backup_id: id })[0]).toMatch(/^sync\[0\]\.backup_id: /);
    expect(problemsOfItems({ ...example, resource_id: id })[0]).toMatch(/^sync\[0\]\.resource_id: /);
  });

  test('with an image path that is too long gets that problem only', () => {
    const path = `%${'25'.repeat(100_000)}`;
    expect(problemsOfItems({ ...example, image_path: path })).toEqual([
      'sync[0].image_path: must have at most 1024 bytes, has 200001',
    ]);
    expect(problemsOfItems({ ...example, bucket_name: path })).toHaveLength(1);
  });

  test.each([-1, 2 ** 31, 1_553_587_260_000, '1553587260', Number.NaN])('refuses %s as created_at', (createdAt) => {
    expect(problemsOfItems({ ...example, created_at: createdAt })).toHaveLength(1);
  });

  test.each(['..', '.', 'a/b', 'a\\b', '%2e%2e', ''])('refuses the bucket name %j', (bucket) => {
    expect(problemsOfItems({ ...example, bucket_name: bucket })[0]).toMatch(/^sync\[0\]\.bucket_name: /);
  });

  test('names a backup that is listed twice', () => {
    expect(problemsOfItems(example, { ...example, backup_id: 'x' }, example)).toEqual([
      'sync[2].backup_id: repeats sync[0].backup_id',
    ]);
  });

  test('has 1 to 50 items', () => {
    const many = Array.from({ length: 51 }, (_, index) => ({ ...example, backup_id: `b${index}` }));
    expect(problemsOfItems(...many.slice(0, 50))).toEqual([]);
    expect(problemsOfItems(...many)).toEqual(['sync: must have at most 50 items; split the list over several calls']);
    expect(problemsOfItems()).toEqual(['sync: must have at least one item']);
  });
});
