import { chainRootOf } from '../chain/formats/chain-root.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';
import { folderLinksMax, refuseBeyond } from '../chain/proof/object-bound.ts';
import { compareListing, type Sighting } from './compare-listing.ts';
import type { FindingContext } from './finding-context.ts';
import { type Found, makeFindings } from './make-findings.ts';
import type { OutsideAncestors } from './outside-ancestors.ts';

/** A backup outside the prefix, and the parent it names. */
type Link = { readonly sighting: Sighting; readonly parentId: string | null };

/** Links that are looked up and described together. */
const batchSize = 100;

/**
 * Parents of backups found in chains that begin outside the prefix, by the root of their chain. A prefix that cuts a
 * chain is within its root, so all of these have one root: they are few, however many backups were found.
 */
export type Lineage = Map<string, Set<string>>;

/** Adds the parents that a scan of this prefix does not list. Throws `listing_too_large` if they are too many. */
export function noteLineage(lineage: Lineage, prefix: string, made: readonly Found[]): void {
  for (const { finding } of made) {
    const root = chainRootOf(finding.image_path);
    if (finding.parent_backup_id === null || root.startsWith(prefix)) continue;
    const parents = lineage.get(root) ?? new Set();
    lineage.set(root, parents.add(finding.parent_backup_id));
    refuseBeyond(folderLinksMax, parents.size, `parents in ${root}`);
  }
}

/**
 * Finds the ancestors below the same roots, outside the prefix. Lists each root once. Throws storage errors, and
 * `listing_too_large`.
 */
export async function* findAncestors(
  context: FindingContext,
  outside: OutsideAncestors,
  { prefix, formats }: { readonly prefix: string; readonly formats: readonly KnownFormat[] | null },
  lineage: Lineage,
  linksMax = folderLinksMax,
): AsyncGenerator<readonly Sighting[]> {
  for (const [root, parents] of lineage) {
    const beyond: Sighting[] = [];
    for await (const { sightings } of compareListing(context, { prefix: root, formats, template: null })) {
      beyond.push(...sightings.filter(({ imagePath }) => !imagePath.startsWith(prefix)));
      refuseBeyond(linksMax, beyond.length, `backups in ${root}`);
    }
    const links = new Map<string, Link>();
    for (let start = 0; start < beyond.length; start += batchSize) {
      const some = beyond.slice(start, start + batchSize);
      const byPath = new Map(some.map((sighting) => [sighting.imagePath, sighting]));
      for (const { finding } of await makeFindings(context, some, outside)) {
        const sighting = byPath.get(finding.image_path);
        if (sighting === undefined || finding.sync === null) continue;
        links.set(finding.sync.backup_id, { sighting, parentId: finding.parent_backup_id });
      }
    }
    yield [...ancestorsOf(parents, links)];
  }
}

/** Yields the parents and their ancestors. No link is taken twice, so a cycle ends. */
function* ancestorsOf(parents: ReadonlySet<string>, links: Map<string, Link>): Generator<Sighting> {
  for (const parent of parents) {
    let id: string | null = parent;
    while (id !== null) {
      const link = links.get(id);
      if (link === undefined) break;
      links.delete(id);
      yield link.sighting;
      id = link.parentId;
    }
  }
}
