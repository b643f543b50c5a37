import type { ChainLink } from './chain-forest.ts';
import type { Picture } from './chain-layout.ts';

// All measures are in rem, so that the picture grows with the text.
const nodeWidth = 11;
const nodeHeight = 4.75;
/** With the line that says what a link depends on. */
const tallNodeHeight = 6.75;
const columnGap = 2;
const rowGap = 1;
/** Around the picture, for the ring of the focus. */
const margin = 0.25;
/** Rendered beyond what is seen, so that nothing is missing while it is scrolled. */
const beyond = 24;

type Cell = { readonly column: number; readonly row: number };
export type Box = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
/** The part of a picture that is seen. */
export type Seen = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };

/** Where the links of a picture are. */
export type Geometry = {
  readonly width: number;
  readonly height: number;
  boxOf(cell: Cell): Box;
};

export function geometryOf<Link extends ChainLink>({ places, columns, rows }: Picture<Link>): Geometry {
  const height = places.some(({ dependsOnId }) => dependsOnId !== null) ? tallNodeHeight : nodeHeight;
  return {
    width: 2 * margin + columns * (nodeWidth + columnGap) - columnGap,
    height: 2 * margin + rows * (height + rowGap) - rowGap,
    boxOf: ({ column, row }) => ({
      left: margin + column * (nodeWidth + columnGap),
      top: margin + row * (height + rowGap),
      width: nodeWidth,
      height,
    }),
  };
}

/** What is seen before a picture is measured. */
export function seenAround({ left, top, width, height }: Box): Seen {
  return { left, right: left + width, top, bottom: top + height };
}

export function isShown({ left, top, width, height }: Box, seen: Seen): boolean {
  return (
    left + width > seen.left - beyond &&
    left < seen.right + beyond &&
    top + height > seen.top - beyond &&
    top < seen.bottom + beyond
  );
}

/** The line from a link to the next one: straight, or down to a branch in the gap between the columns. */
export function edgePath(start: Box, end: Box): string {
  const [startX, startY] = [start.left + start.width, start.top + start.height / 2];
  const endY = end.top + end.height / 2;
  if (startY === endY) return `M${startX} ${startY}H${end.left}`;
  return `M${startX} ${startY}H${startX + columnGap / 2}V${endY}H${end.left}`;
}
