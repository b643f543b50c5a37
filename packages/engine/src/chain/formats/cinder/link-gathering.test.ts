import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../../../storage/key-order.ts';
import { seededUuid } from '../../../testing/seeded-bytes.ts';
import { LinkGathering } from './link-gathering.ts';
import { type CinderLink, retentionCost } from './link-listing.ts';

const folder = 'volume_v/';
const ids = ['one', 'two'].map(seededUuid);

/** Paths, some of which begin with others, because the zone is free text. */
const zones = fc.array(fc.constantFrom('nova', '!', '_copy', '-00001', '_metadata'), { maxLength: 3 });
const paths = fc
  .tuple(fc.constantFrom('20260101000000', '20260102000000'), zones, fc.nat(1))
  .map(([time, parts, id]) => {
    const marks = parts.map((part, index) => `${part}_backup_${ids[(id + index) % 2]}`);
    return `${folder}${time}/az_${marks.join('')}nova_backup_${ids[id]}`;
  });
const suffixes = fc.constantFrom('', '-00001', '-00002', '-100000', '_metadata', '_sha256file', '.tmp', '/x', '!');
const listings = fc
  .array(fc.tuple(paths, suffixes), { maxLength: 30 })
  .map((keys) => [...new Set(keys.map(([path, suffix]) => path + suffix))].sort(compareKeys));

function gather(keys: readonly string[], budget = { objectsLeft: 1_000_000 }) {
  const links = new Map<string, CinderLink>();
  const gathering = new LinkGathering('b', folder, budget, (link) => {
    expect(links.has(link.imagePath)).toBe(false);
    links.set(link.imagePath, link);
  });
  for (const key of keys) gathering.add({ key, size: 1, etag: null, modifiedAtMs: 0, archived: false });
  gathering.finish();
  return links;
}

describe('the objects of a folder', () => {
  test('belong to every link whose image path their keys begin with', () => {
    fc.assert(
      fc.property(listings, (keys) => {
        const links = gather(keys);
        for (const { imagePath, listing, dataObjectCount, metadata, hashFile, strayKey } of links.values()) {
          const own = keys.filter((key) => key.startsWith(imagePath));
          const strays = own.filter(
            (key) => !/^(-\d{5}|-[1-9]\d{5}|_metadata|_sha256file)$/.test(key.slice(imagePath.length)),
          );
          expect(listing.objectCount).toBe(own.length);
          expect(strayKey).toBe(strays[0] ?? null);
          const found = dataObjectCount + (metadata === null ? 0 : 1) + (hashFile === null ? 0 : 1);
          expect(found).toBe(own.length - strays.length);
          // A link that is listed alone looks the same.
          expect(gather(own).get(imagePath)).toEqual(links.get(imagePath));
        }
        const marks = keys.filter((key) => key.endsWith('_metadata')).map((key) => key.slice(0, -'_metadata'.length));
        for (const imagePath of marks) if (imagePath.endsWith(ids[0] ?? '')) expect(links.has(imagePath)).toBe(true);
      }),
    );
  });

  test('take a fixed part of the retention budget for each link, and nothing if there is no link', () => {
    const budget = { objectsLeft: 1000 };
    const path = `${folder}20260101000000/az_nova_backup_${ids[0]}`;
    gather([`${path}.tmp`], budget);
    expect(budget.objectsLeft).toBe(1000);
    gather([`${path}-00001`], budget);
    expect(budget.objectsLeft).toBe(1000 - retentionCost(1));
  });
});
