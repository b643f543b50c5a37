import { quote } from '../../quote.ts';
import type { ChainData } from '../data.ts';
import { type ListedLink, placeOf } from './proved-link.ts';
import { ReadFault } from './read-fault.ts';

/** A link, and what was read of it to tell its data. */
export type ReadLink<Link, Read> = { readonly link: Link; readonly read: Read };

/** What is particular to a format in telling what is stored of a chain. All methods throw what storage throws. */
export interface LinkReader<Link extends ListedLink, Read> {
  /**
   * Reads what tells the objects of a link, null if it turns out to be none of the format. `child`: the link that this one
   * may be the parent of. Throws `ReadFault` if the metadata does not allow it, or is of no parent of the child.
   */
  read(link: Link, child: Read | null): Promise<Read | null>;
  /** The id of the parent; null for a full backup. */
  parentIdOf(read: Read): string | null;
  /** The links that may be the parent, the likeliest first. A link may come more than once. May throw `ReadFault`. */
  parentsOf(link: Link, read: Read): AsyncIterable<Link>;
  /** What is stored of a chain, full backup first. Throws `ReadFault`. */
  open(links: readonly ReadLink<Link, Read>[]): Promise<ChainData>;
}

/**
 * What is stored of a link and its ancestors; null if the link is none of the format. Of several links that may be a
 * parent the first that can be read is taken, because every block that comes of it is compared with the leaf's hashes.
 * Throws `ReadFault` if the metadata does not allow it, and what storage throws.
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

/** Null for a full backup. Throws the fault of the first candidate if none can be read. */
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
