/**
 * What is wrong with a backup: something with itself (`own`), only with what it builds on (`parent`), or nothing that is
 * known, since it could not be read (`unread`).
 */
export type LinkFault = 'own' | 'parent' | 'unread';

/** What the picture needs to know of a backup. */
export type ChainLink = {
  readonly id: string;
  /** Id of the parent; null for a full backup, and if it is not known. */
  readonly parentId: string | null;
  /** Whether it builds on a parent, which may be unknown. */
  readonly isIncrement: boolean;
  readonly takenAtMs: number;
  readonly fault: LinkFault | null;
};

/** How a chain begins: with a full backup, or in a way that leaves something open. */
export type ChainStart = 'full' | 'parentNotListed' | 'parentUnknown' | 'circle';

/** A tree of links. */
export type Tree<Link extends ChainLink> = {
  readonly root: Link;
  readonly start: ChainStart;
  /** Every link, parents before children. */
  readonly links: readonly Link[];
  /** The children of a link, the one with the newest descendant first. Leaves are left out. */
  readonly childrenOf: ReadonlyMap<Link, readonly Link[]>;
  /** The newest link. */
  readonly newest: Link;
};

/** Orders by time, and by id at the same time. */
function isNewer(one: ChainLink, other: ChainLink): boolean {
  return one.takenAtMs === other.takenAtMs ? one.id > other.id : one.takenAtMs > other.takenAtMs;
}

function newestFirst(one: ChainLink, other: ChainLink): number {
  return isNewer(one, other) ? -1 : 1;
}

/**
 * Splits the backups of a resource into chains, those with the newest backup first. Parents come from records, so they
 * may be missing or lead in a circle. Each id counts once.
 */
export function forestOf<Link extends ChainLink>(given: readonly Link[]): readonly Tree<Link>[] {
  const byId = new Map(given.map((link) => [link.id, link]));
  const links = [...byId.values()];
  const parentOf = (link: Link) => (link.parentId === null ? undefined : byId.get(link.parentId));
  const childrenOf = new Map<Link, Link[]>();
  for (const link of links) {
    const parent = parentOf(link);
    if (parent === undefined) continue;
    const siblings = childrenOf.get(parent);
    if (siblings === undefined) childrenOf.set(parent, [link]);
    else siblings.push(link);
  }
  const seen = new Set<Link>();
  const trees: Tree<Link>[] = [];
  const add = (root: Link, start: ChainStart) => {
    trees.push(treeFrom(root, start, childrenOf, seen));
  };
  for (const link of links) {
    if (parentOf(link) === undefined) add(link, startOf(link));
  }
  // All that is left leads into a circle.
  for (const link of links) {
    if (!seen.has(link)) add(oldestOfCircle(link, parentOf), 'circle');
  }
  return trees.sort((one, other) => newestFirst(one.newest, other.newest));
}

function startOf({ parentId, isIncrement }: ChainLink): ChainStart {
  if (parentId !== null) return 'parentNotListed';
  return isIncrement ? 'parentUnknown' : 'full';
}

/** Follows parents until they repeat. Returns the oldest link of the circle. */
function oldestOfCircle<Link extends ChainLink>(from: Link, parentOf: (link: Link) => Link | undefined): Link {
  const passed = new Set<Link>();
  let link = from;
  for (let parent = parentOf(link); parent !== undefined && !passed.has(link); parent = parentOf(link)) {
    passed.add(link);
    link = parent;
  }
  let oldest = link;
  for (let each = parentOf(link); each !== undefined && each !== link; each = parentOf(each)) {
    if (isNewer(oldest, each)) oldest = each;
  }
  return oldest;
}

function treeFrom<Link extends ChainLink>(
  root: Link,
  start: ChainStart,
  childrenOfAll: ReadonlyMap<Link, readonly Link[]>,
  seen: Set<Link>,
): Tree<Link> {
  const links: Link[] = [];
  const childrenOf = new Map<Link, readonly Link[]>();
  const waiting = [root];
  seen.add(root);
  for (let link = waiting.pop(); link !== undefined; link = waiting.pop()) {
    links.push(link);
    const children = (childrenOfAll.get(link) ?? []).filter((child) => !seen.has(child));
    for (const child of children) seen.add(child);
    if (children.length > 0) childrenOf.set(link, children);
    waiting.push(...children);
  }
  const newestBelow = new Map<Link, Link>();
  for (const link of links.toReversed()) {
    let newest = link;
    for (const child of childrenOf.get(link) ?? []) {
      const below = newestBelow.get(child) ?? child;
      if (isNewer(below, newest)) newest = below;
    }
    newestBelow.set(link, newest);
  }
  const newestOf = (link: Link) => newestBelow.get(link) ?? link;
  for (const [link, children] of childrenOf) {
    childrenOf.set(
      link,
      children.toSorted((one, other) => newestFirst(newestOf(one), newestOf(other))),
    );
  }
  return { root, start, links, childrenOf, newest: newestOf(root) };
}
