import { quote } from '../../quote.ts';
import type { ChainData } from '../data.ts';
import { type ListedLink, placeOf } from './proved-link.ts';
import { ReadFault } from './read-fault.ts';

/** A link with the metadata that locates its data. */
export type ReadLink<Link, Read> = { readonly link: Link; readonly read: Read };

/** Finds the data of a chain, for one format. All methods throw storage errors. */
export interface LinkReader<Link extends ListedLink, Read> {
  /**
   * Reads what describes the objects of a link. Returns null if the link turns out not to be of this format. `child` is
   * the link whose parent this one may be. Throws `ReadFault` if the metadata is unusable or does not belong to the
   * parent.
   */
  read(link: Link, child: Read | null): Promise<Read | null>;
  /** The id of the parent; null for a full backup. */
  parentIdOf(read: Read): string | null;
  /** The links that may be the parent, likeliest first. A link may occur more than once. May throw `ReadFault`. */
  parentsOf(link: Link, read: Read): AsyncIterable<Link>;
  /** Opens the stored data of a chain, full backup first. Throws `ReadFault`. */
  open(links: readonly ReadLink<Link, Read>[]): Promise<ChainData>;
}

/**
 * Opens the stored data of a link and its ancestors. Returns null if the link is not of this format. If several links
 * may be a parent, the first readable one is used; every block from it is compared with the leaf's hashes. Throws
 * `ReadFault` if the metadata is unusable, and storage errors.
 */
export async function openChainData<Link extends ListedLink, Read>(
  reader: LinkReader<Link, Read>,
  leaf: Link,
): Promise<ChainData | null> {
  const links: ReadLink<Link, Read>[] = [];
  const read = await reader.read(leaf, null);
  let next: ReadLink<Link, Read> | null = read === null ? null : { link: leaf, read };
  while (next !== null) {
    links.push(next);
    next = await readParent(reader, next, new Set(links.map(({ link }) => placeOf(link))));
  }
  return links.length === 0 ? null : await reader.open(links.toReversed());
}

/** Returns null for a full backup. Throws the fault of the first candidate if none can be read. */
async function readParent<Link extends ListedLink, Read>(
  reader: LinkReader<Link, Read>,
  child: ReadLink<Link, Read>,
  visited: ReadonlySet<string>,
): Promise<ReadLink<Link, Read> | null> {
  const parentId = reader.parentIdOf(child.read);
  if (parentId === null) return null;
  const tried = new Set<string>();
  let first: ReadFault | null = null;
  for await (const link of reader.parentsOf(child.link, child.read)) {
    const place = placeOf(link);
    if (tried.has(place)) continue;
    tried.add(place);
    try {
      if (visited.has(place)) {
        throw new ReadFault({ code: 'cycle', detail: `the chain leads back to ${link.imagePath}` }, false);
      }
      const read = await reader.read(link, child.read);
      if (read !== null) return { link, read };
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error;
      first ??= error;
    }
  }
  const detail = `parent ${quote(parentId)} of ${child.link.imagePath}`;
  throw first ?? new ReadFault({ code: 'parent_missing', detail }, false);
}
