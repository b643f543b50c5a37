import { type PathTemplate, parsePathTemplate } from '@backup-sync/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../storage/key-order.ts';
import type { ObjectEntry } from '../storage/port.ts';
import { TemplateGroups } from './template-groups.ts';

const template = parsePathTemplate('{plan}/{backup_id}') as PathTemplate;

function entryOf(key: string): ObjectEntry {
  return { key, size: 1, etag: key, modifiedAtMs: 0, archived: false };
}

/** Returns the groups that end before each object, then adds the object. */
function take(groups: TemplateGroups, entry: ObjectEntry) {
  const ended = groups.endBefore(entry.key);
  groups.add(entry);
  return ended;
}

/** Segments that are prefixes of each other, and characters that sort before and after the slash. */
const segment = fc.constantFrom('a', 'a-', 'a.', 'a0', 'ab', 'b', 'b!');
const key = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

test('each image path is found once, with all objects at and below it', () => {
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 60 }), (keys) => {
      const groups = new TemplateGroups(template, '');
      const sorted = [...keys].sort(compareKeys);
      const found = [...sorted.flatMap((each) => take(groups, entryOf(each))), ...groups.end()];
      const expected = new Map<string, number>();
      for (const each of sorted) {
        const segments = each.split('/');
        if (segments.length < 2) continue;
        const imagePath = segments.slice(0, 2).join('/');
        expected.set(imagePath, (expected.get(imagePath) ?? 0) + 1);
      }
      expect(found.map(({ imagePath }) => imagePath).sort()).toEqual([...expected.keys()].sort());
      for (const { imagePath, listing } of found) expect(listing.objectCount).toBe(expected.get(imagePath));
    }),
  );
});

test('a group that begins before the prefix is not listed completely, and left out', () => {
  const groups = new TemplateGroups(template, 'a/b/c');
  const found = [...take(groups, entryOf('a/b/c/1')), ...groups.end()];
  expect(found).toEqual([]);
});

test.each([
  [['a/b/', 'a/b/backup.log', 'a/b/old.log.gz', 'a/b/.DS_Store', 'a/b/logs/x.log'], false],
  [['a/b'], false],
  [['a/b/', 'a/b/backup.log', 'a/b/disk.img'], true],
  [['a/b/catalogue.logs'], true],
])('%j has content other than logs and empty objects: %s', (keys, hasContent) => {
  const groups = new TemplateGroups(template, '');
  const entries = keys.map((each) => ({ ...entryOf(each), size: each.endsWith('b') || each.endsWith('/') ? 0 : 1 }));
  const found = [...entries.flatMap((entry) => take(groups, entry)), ...groups.end()];
  expect(found).toMatchObject([{ imagePath: 'a/b', hasContent }]);
});

describe('a group of files in the disk layout of MinIO', () => {
  const part = 'a/b/disk.img/6fea9211-38a5-cccc-c95f-c8b61fb35442/part.1';
  const groupsOf = (keys: readonly string[], etag: string | null) => {
    const groups = new TemplateGroups(template, '');
    return [...keys.flatMap((each) => take(groups, { ...entryOf(each), etag })), ...groups.end()];
  };

  test('is left out', () => {
    expect(groupsOf([part, 'a/b/disk.img/xl.meta'], null)).toEqual([]);
    expect(groupsOf(['a/b/xl.meta'], null)).toEqual([]);
  });

  test('is a backup of such a disk if there are other files too, or if a service stores it', () => {
    expect(groupsOf(['a/b/.minio.sys/format.json', part, 'a/b/disk.img/xl.meta'], null)).toHaveLength(1);
    expect(groupsOf([part, 'a/b/disk.img/xl.meta'], 'etag')).toHaveLength(1);
  });
});
