import type { BackupFormat } from '@backup-sync/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedBackup } from '../catalogue/known-backup.ts';
import type { Likeness } from '../chain/listing-comparison.ts';
import { ListingDigest } from '../chain/listing-digest.ts';
import { compareKeys } from '../storage/key-order.ts';
import type { ObjectEntry } from '../storage/port.ts';
import { chainContext } from '../testing/chain-context.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { RecordedPlaces } from './recorded-places.ts';

const context = chainContext(openMemoryStorageUnit(new Map()), 'bucket-1', []);

async function* iterate<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

// Few letters, so that paths are prefixes of each other. One of them takes two UTF-16 units and four bytes.
const path = fc.array(fc.constantFrom('a', 'b', '-', '/', '\u{ff5e}', '\u{1f4be}'), { minLength: 1, maxLength: 6 });
const paths = fc
  .uniqueArray(
    path.map((units) => units.join('')),
    { maxLength: 12 },
  )
  .map((all) => all.toSorted(compareKeys));

function entryOf(key: string, hasEtag: boolean, modifiedAtMs: number): ObjectEntry {
  return { key, size: 1, etag: hasEtag ? `etag of ${key}` : null, modifiedAtMs, archived: false };
}

/** The record for the objects at or below a path. */
function recordedOf(imagePath: string, entries: readonly ObjectEntry[], format: BackupFormat): RecordedBackup {
  const digest = new ListingDigest();
  const own = entries.filter(({ key }) => key === imagePath || key.startsWith(`${imagePath}/`));
  for (const entry of own) digest.add(entry.key.slice(imagePath.length), entry);
  const { digest: recorded, fingerprint } = digest.finish();
  const whole = { fault: null, verifiedAtMs: 0, shared: null };
  return { backupId: imagePath, imagePath, format, ...whole, digest: recorded, fingerprint };
}

async function compare(recorded: readonly RecordedBackup[], entries: readonly ObjectEntry[], pageSize: number) {
  const places = new RecordedPlaces(context, '', iterate(recorded));
  const likeness = new Map<string, Likeness>();
  const note = (passed: { readonly imagePath: string; readonly likeness: ReadonlyMap<string, Likeness> }) => {
    expect(likeness.has(passed.imagePath)).toBe(false);
    for (const [id, each] of passed.likeness) likeness.set(id, each);
  };
  for (let start = 0; start < entries.length; start += pageSize) {
    await places.pass(entries.slice(start, start + pageSize));
    places.takePassed().forEach(note);
  }
  for await (const place of places.rest()) note(place);
  return likeness;
}

test('each place is reported once as the same, changed or absent, whatever the listing and its pages', async () => {
  await fc.assert(
    fc.asyncProperty(
      paths,
      paths,
      paths,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('manifest' as const, 'unknown' as const),
      fc.boolean(),
      async (recordedPaths, before, now, pageSize, format, hasEtags) => {
        const entriesOf = (keys: readonly string[]) => keys.map((key) => entryOf(key, hasEtags, 1));
        const recorded = recordedPaths.map((imagePath) => recordedOf(imagePath, entriesOf(before), format));
        const likeness = await compare(recorded, entriesOf(now), pageSize);
        const below = (keys: readonly string[], imagePath: string) =>
          keys.filter((key) => key === imagePath || key.startsWith(`${imagePath}/`));
        for (const imagePath of recordedPaths) {
          const listed = below(now, imagePath);
          const isSame = listed.join('\n') === below(before, imagePath).join('\n');
          expect(likeness.get(imagePath)).toBe(listed.length === 0 ? 'absent' : isSame ? 'same' : 'changed');
        }
      },
    ),
  );
});

test('a different time is a change only if objects have no ETags', async () => {
  for (const [hasEtags, expected] of [
    [true, 'same'],
    [false, 'changed'],
  ] as const) {
    const recorded = recordedOf('a', [entryOf('a/1', hasEtags, 1)], 'unknown');
    expect((await compare([recorded], [entryOf('a/1', hasEtags, 2)], 1)).get('a')).toBe(expected);
  }
});

test('a folder marker alone counts as absent', async () => {
  const recorded = recordedOf('a', [entryOf('a/1', true, 1)], 'unknown');
  const marker: ObjectEntry = { ...entryOf('a/', true, 1), size: 0 };
  expect((await compare([recorded], [marker], 1)).get('a')).toBe('absent');
});

test('a listing that begins inside a backup’s objects cannot show that it is unchanged', async () => {
  const imagePath = 'backupstore/volumes/ab/cd/mail/backups/backup_one.cfg';
  const recorded: RecordedBackup = { ...recordedOf(imagePath, [entryOf(imagePath, true, 1)], 'longhorn') };
  const places = new RecordedPlaces(context, 'backupstore/volumes/ab/cd/mail/backups/', iterate([recorded]));
  await places.pass([entryOf(imagePath, true, 1)]);
  const passed = [];
  for await (const place of places.rest()) passed.push(place);
  expect(passed).toEqual([{ imagePath, likeness: new Map([[imagePath, 'changed']]) }]);
});

test('a page that ends between the extents of a disk and its descriptor shows that the disk is recorded', async () => {
  const recorded = ['vm/disk.vmdk', 'vm/other.vmdk'].map((imagePath) => recordedOf(imagePath, [], 'vmdk'));
  const places = new RecordedPlaces(context, '', iterate(recorded));
  await places.pass([entryOf('vm/disk-flat.vmdk', true, 1)]);
  expect([places.has('vm/disk.vmdk'), places.has('vm/other.vmdk')]).toEqual([true, false]);
});
