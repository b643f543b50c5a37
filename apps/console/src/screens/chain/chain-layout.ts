import { type ChainLink, type ChainStart, forestOf, type Tree } from './chain-forest.ts';

/** A link at its place in a picture. */
export type PlacedLink<Link extends ChainLink> = {
  readonly link: Link;
  readonly column: number;
  readonly row: number;
  /** Its parent in the picture; null for the first link. */
  readonly parent: PlacedLink<Link> | null;
  /**
   * Id of the nearest ancestor that is broken or missing, so that this link cannot be restored; if none is, of the first
   * one that could not be read. Null if there is none.
   */
  readonly dependsOnId: string | null;
};

/** A chain with its branches, or several full backups without increments. */
export type Picture<Link extends ChainLink> = {
  readonly key: string;
  readonly start: ChainStart;
  /** Id of the parent that the first link names but that is not listed; null if there is none. It is at the first place. */
  readonly missingParentId: string | null;
  /** Parents before children. */
  readonly places: readonly PlacedLink<Link>[];
  readonly columns: number;
  readonly rows: number;
  readonly oldest: Link;
  readonly newest: Link;
};

/**
 * Places the backups of a resource: for each chain the full backup on the left, increments to the right and branches
 * below, the chains with the newest backup first. Full backups without increments that follow each other share a picture.
 */
export function picturesOf<Link extends ChainLink>(links: readonly Link[]): readonly Picture<Link>[] {
  const pictures: Picture<Link>[] = [];
  let singles: Tree<Link>[] = [];
  const endSingles = () => {
    if (singles.length > 0) pictures.push(pictureOfSingles(singles.toReversed()));
    singles = [];
  };
  for (const tree of forestOf(links)) {
    if (tree.links.length === 1 && tree.start === 'full') {
      singles.push(tree);
      continue;
    }
    endSingles();
    pictures.push(pictureOfTree(tree));
  }
  endSingles();
  return pictures;
}

function pictureOfSingles<Link extends ChainLink>(oldestFirst: readonly Tree<Link>[]): Picture<Link> {
  const links = oldestFirst.map(({ root }) => root);
  const [oldest, newest] = [links[0], links.at(-1)];
  if (oldest === undefined || newest === undefined) throw new Error('a picture needs a link');
  return {
    key: newest.id,
    start: 'full',
    missingParentId: null,
    places: links.map((link, column) => ({ link, column, row: 0, parent: null, dependsOnId: null })),
    columns: links.length,
    rows: 1,
    oldest,
    newest,
  };
}

function pictureOfTree<Link extends ChainLink>(tree: Tree<Link>): Picture<Link> {
  const { root, start, links, newest } = tree;
  const { rowOf, rows } = rowsOf(tree);
  const missingParentId = start === 'parentNotListed' ? root.parentId : null;
  const placed = new Map<string, PlacedLink<Link>>();
  for (const link of links) {
    const parent = (link === root || link.parentId === null ? undefined : placed.get(link.parentId)) ?? null;
    const firstColumn = start === 'full' || start === 'circle' ? 0 : 1;
    placed.set(link.id, {
      link,
      column: parent === null ? firstColumn : parent.column + 1,
      row: rowOf.get(link) ?? 0,
      parent,
      dependsOnId: dependsOn(link, parent),
    });
  }
  const places = [...placed.values()];
  return {
    key: root.id,
    start,
    missingParentId,
    places,
    columns: places.reduce((most, { column }) => Math.max(most, column + 1), 1),
    rows,
    oldest: root,
    newest,
  };
}

function dependsOn<Link extends ChainLink>(link: Link, parent: PlacedLink<Link> | null): string | null {
  // Without a parent in the picture, only the fault itself says that one is broken.
  if (parent === null) return link.fault === 'parent' ? link.parentId : null;
  if (parent.link.fault === 'own') return parent.link.id;
  if (parent.dependsOnId !== null) return parent.dependsOnId;
  return parent.link.fault === 'unread' || link.fault === 'parent' ? parent.link.id : null;
}

/** A link, and in a line after it the first child of each. */
type Line<Link> = {
  readonly links: readonly Link[];
  readonly firstColumn: number;
  readonly branches: Line<Link>[];
  /** Rows below the line from which it branches. */
  offset: number;
  /** First and last column used in each row of the line and its branches. */
  spans: { first: number; last: number }[];
};

/** Gives each line a row: branches are below their line, in the highest row in which they cover nothing. */
function rowsOf<Link extends ChainLink>({
  root,
  childrenOf,
}: Tree<Link>): {
  readonly rowOf: ReadonlyMap<Link, number>;
  readonly rows: number;
} {
  const first = lineFrom(root, 0, childrenOf);
  // Grows while it is read: a line before its branches.
  const lines = [first];
  for (const line of lines) {
    for (const [index, link] of line.links.entries()) {
      // The newest branch last, since the last one is placed first.
      for (const child of (childrenOf.get(link) ?? []).slice(1).toReversed()) {
        const branch = lineFrom(child, line.firstColumn + index + 1, childrenOf);
        line.branches.push(branch);
        lines.push(branch);
      }
    }
  }
  for (const line of lines.toReversed()) placeBranches(line);
  const rowOf = new Map<Link, number>();
  const rowOfLine = new Map([[first, 0]]);
  for (const line of lines) {
    const row = rowOfLine.get(line) ?? 0;
    for (const link of line.links) rowOf.set(link, row);
    for (const branch of line.branches) rowOfLine.set(branch, row + branch.offset);
  }
  return { rowOf, rows: first.spans.length };
}

function lineFrom<Link>(head: Link, firstColumn: number, childrenOf: ReadonlyMap<Link, readonly Link[]>): Line<Link> {
  const links: Link[] = [];
  for (let link: Link | undefined = head; link !== undefined; link = childrenOf.get(link)?.[0]) links.push(link);
  const spans = [{ first: firstColumn, last: firstColumn + links.length - 1 }];
  return { links, firstColumn, branches: [], offset: 0, spans };
}

/** From the right to the left, so that the edge down to a branch crosses no other branch. */
function placeBranches<Link>(line: Line<Link>): void {
  for (const branch of line.branches.toReversed()) {
    // The edge comes down in the column before the branch.
    const isFree = (offset: number) =>
      branch.spans.every(({ last }, row) => {
        const taken = line.spans[offset + row];
        return taken === undefined || last < taken.first - 1;
      });
    let offset = 1;
    while (!isFree(offset)) offset += 1;
    branch.offset = offset;
    for (const [row, { first, last }] of branch.spans.entries()) {
      const taken = line.spans[offset + row];
      if (taken === undefined) line.spans[offset + row] = { first, last };
      else taken.first = first;
    }
  }
}
