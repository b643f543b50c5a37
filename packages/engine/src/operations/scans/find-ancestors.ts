import { chainRootOf } from '../../chain/examiner.ts';
import type { MarkedFormat } from '../../chain/marks.ts';
import { folderLinksMax, refuseBeyond } from '../../chain/object-bound.ts';
import { type Candidate, findCandidates } from './find-candidates.ts';
import { type FindingContext, type Found, makeFindings } from './make-findings.ts';

/** Links looked up and described together. */
const batchSize = 100;

/**
 * The parents of what was found in chains that begin outside the prefix, by the root of their chain. A prefix that cuts
 * a chain lies within its root, so that all of these are of one root: few, however much was found.
 */
export type Lineage = Map<string, Set<string>>;

/** Notes the parents that a scan of this prefix does not come by. Throws `listing_too_large` where they are too many. */
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
 * The ancestors that lie below the same roots, outside the prefix. Lists each root once. Throws what storage throws, and
 * `listing_too_large`.
 */
export async function* findAncestors(
  context: FindingContext,
  { prefix, formats }: { readonly prefix: string; readonly formats: readonly MarkedFormat[] | null },
  lineage: Lineage,
  linksMax = folderLinksMax,
): AsyncGenerator<readonly Candidate[]> {
  const { storage, bucketName, signal } = context;
  for (const [root, parents] of lineage) {
    const outside: Candidate[] = [];
    const pages = storage.list({ bucket: bucketName, prefix: root, signal });
    for await (const { candidates } of findCandidates(pages, { prefix: root, formats, template: null })) {
      outside.push(...candidates.filter((candidate) => !candidate.imagePath.startsWith(prefix)));
      refuseBeyond(linksMax, outside.length, `backups in ${root}`);
    }
    const links = new Map<string, { readonly candidate: Candidate; readonly parentId: string | null }>();
    for (let start = 0; start < outside.length; start += batchSize) {
      for (const [index, { finding }] of (
        await makeFindings(context, outside.slice(start, start + batchSize))
      ).entries()) {
        const candidate = outside[start + index];
        if (candidate === undefined || finding.sync === null) continue;
        links.set(finding.sync.backup_id, { candidate, parentId: finding.parent_backup_id });
      }
    }
    yield [...ancestorsOf(parents, links)];
  }
}

/** Walks from the parents up; a link that was taken is not taken again, so a cycle ends. */
function* ancestorsOf(
  parents: ReadonlySet<string>,
  links: Map<string, { readonly candidate: Candidate; readonly parentId: string | null }>,
): Generator<Candidate> {
  for (const parent of parents) {
    let id: string | null = parent;
    while (id !== null) {
      const link = links.get(id);
      if (link === undefined) break;
      links.delete(id);
      yield link.candidate;
      id = link.parentId;
    }
  }
}
