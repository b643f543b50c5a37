import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { endlessStorage } from '../../../testing/endless-storage.ts';
import { listKeys } from '../../../testing/listed-keys.ts';
import { seededUuid } from '../../../testing/seeded-bytes.ts';
import { parseCinderKey } from './image-path.ts';
import { type CinderLink, LinkListing } from './link-listing.ts';
import { VolumeListing } from './volume-listing.ts';

const prefix = 'dr/volume_v/';
const pageKeys = 1000;

/** A link in the folder of a moment, with this number of objects. */
function linkOf(moment: number, objects: number) {
  const imagePath = `${prefix}${20260101000000 + moment}/az_nova_backup_${seededUuid(`backup ${moment}`)}`;
  const numbers = Array.from({ length: objects }, (_, index) => `-${String(index + 1).padStart(5, '0')}`);
  return { imagePath, objects, keys: numbers.map((number) => imagePath + number) };
}
type Link = ReturnType<typeof linkOf>;

function openListing(links: readonly Link[]) {
  const { unit, count } = countRequests(listKeys(links.flatMap(({ keys }) => keys)));
  const budget = { objectsLeft: Number.POSITIVE_INFINITY };
  const retained: CinderLink[] = [];
  const retain = (link: CinderLink) => retained.push(link);
  const listing = new VolumeListing(chainContext(unit, 'b', []), { bucketName: 'b', prefix }, { budget, retain });
  return { listing, lists: () => count().lists, retained };
}

/** The link as a listing of it alone shows it. */
async function listedAlone({ imagePath, keys }: Link): Promise<CinderLink> {
  const key = parseCinderKey(imagePath);
  if (key === null) throw new Error('it is a path of Cinder');
  const listing = new LinkListing('b', key, { objectsLeft: 0 });
  for await (const page of listKeys(keys).list({ bucket: 'b', prefix: imagePath })) {
    for (const entry of page) listing.add(entry.key.slice(imagePath.length), entry);
  }
  return listing.finish().link;
}

const pagesOf = (links: readonly Link[]) =>
  links.reduce((pages, { objects }) => pages + Math.ceil(objects / pageKeys), 0);
const sum = (links: readonly Link[]) => links.reduce((total, { objects }) => total + objects, 0);

const volumes = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3500 })), { minLength: 1, maxLength: 12 })
  .map((sizes) => sizes.map((objects, moment) => linkOf(moment, objects)));

describe('a listing of wanted links', () => {
  test('shows them whole, with no more pages than the volume or the links have, plus the first page', async () => {
    await fc.assert(
      fc.asyncProperty(
        volumes,
        fc.array(fc.array(fc.nat(11), { maxLength: 4 }), { maxLength: 3 }),
        async (links, rounds) => {
          const { listing, lists, retained } = openListing(links);
          await listing.begin();
          const wanted = new Set<Link>();
          for (const round of rounds) {
            const chosen = round.map((index) => links[index]).filter((link) => link !== undefined);
            for (const link of chosen) wanted.add(link);
            await listing.cover(chosen.map(({ imagePath }) => imagePath));
          }
          for (const link of wanted) expect(listing.links.get(link.imagePath)).toEqual(await listedAlone(link));
          expect(retained.map(({ imagePath }) => imagePath).toSorted()).toEqual([...listing.links.keys()].toSorted());
          expect(lists()).toBeLessThanOrEqual(1 + pagesOf([...wanted]));
          if (rounds.length === 1) expect(lists()).toBeLessThanOrEqual(1 + Math.ceil(sum(links) / pageKeys));
          if (wanted.size === links.length && rounds.length === 1) {
            expect(lists()).toBe(Math.ceil(sum(links) / pageKeys));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('finds the past of a link, finally everything, with few more pages than the volume has', async () => {
    await fc.assert(
      fc.asyncProperty(volumes, fc.nat(11), fc.nat(11), async (links, from, sought) => {
        const [child, target] = [links[from % links.length], links[sought % links.length]];
        if (child === undefined || target === undefined) throw new Error('there are links');
        const { listing, lists } = openListing(links);
        await listing.begin();
        await listing.cover([child.imagePath]);
        let rounds = 0;
        for (; !listing.links.has(target.imagePath); rounds += 1) await listing.coverPast(child.imagePath);
        expect(listing.links.get(target.imagePath)).toEqual(await listedAlone(target));
        expect(lists()).toBeLessThanOrEqual(Math.ceil(sum(links) / pageKeys) + 2 + 2 * rounds);
      }),
      { numRuns: 60 },
    );
  });
});

test('a volume of one page costs one', async () => {
  const { listing, lists } = openListing([linkOf(0, 900), linkOf(1, 99)]);
  await listing.begin();
  expect(listing.isComplete).toBe(true);
  expect(listing.links.size).toBe(2);
  expect(lists()).toBe(1);
});

describe('a volume whose backups have no end is refused before they fill the memory', () => {
  const openEndless = (linksMax: number) => {
    const moments = endlessStorage((index) => `${linkOf(index, 0).imagePath}-00001`);
    const retention = { budget: { objectsLeft: 0 }, retain: () => {} };
    return new VolumeListing(chainContext(moments, 'b', []), { bucketName: 'b', prefix }, retention, linksMax);
  };

  test('when they are read', async () => {
    await expect(openEndless(500).begin()).rejects.toMatchObject({
      code: 'listing_too_large',
      message: 'backups in dr/volume_v/: more than 500',
    });
  });

  test('when the folders of its past are listed', async () => {
    const listing = openEndless(2500);
    await listing.begin();
    await expect(listing.coverPast(linkOf(0, 0).imagePath)).rejects.toMatchObject({
      code: 'listing_too_large',
      message: 'folders in dr/volume_v/: more than 2500',
    });
  });
});
