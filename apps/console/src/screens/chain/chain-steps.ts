import type { ChainLink } from './chain-forest.ts';
import type { PlacedLink } from './chain-layout.ts';

export type Direction = 'left' | 'right' | 'up' | 'down' | 'first' | 'last';

const directions: ReadonlyMap<string, Direction> = new Map([
  ['ArrowLeft', 'left'],
  ['ArrowRight', 'right'],
  ['ArrowUp', 'up'],
  ['ArrowDown', 'down'],
  ['Home', 'first'],
  ['End', 'last'],
]);

/** Where a key leads; undefined for other keys. */
export function directionOf(key: string): Direction | undefined {
  return directions.get(key);
}

/**
 * The place that a step reaches: to the left the parent, to the right the child in the same row, up and down the nearest
 * place of the next row with one. Undefined at the end.
 */
export function neighbourOf<Link extends ChainLink>(
  places: readonly PlacedLink<Link>[],
  from: PlacedLink<Link>,
  direction: Direction,
): PlacedLink<Link> | undefined {
  if (direction === 'first') return places[0];
  if (direction === 'last') return least(places, ({ column, row }) => row * places.length - column);
  if (direction === 'left') return from.parent ?? inRow(places, from, -1);
  if (direction === 'right') return inRow(places, from, 1) ?? places.find(({ parent }) => parent === from);
  const sign = direction === 'down' ? 1 : -1;
  const beyond = places.filter(({ row }) => (row - from.row) * sign > 0);
  return least(beyond, ({ row, column }) => Math.abs(row - from.row) * places.length + Math.abs(column - from.column));
}

function inRow<Link extends ChainLink>(
  places: readonly PlacedLink<Link>[],
  from: PlacedLink<Link>,
  columns: number,
): PlacedLink<Link> | undefined {
  const found = places.find(({ row, column }) => row === from.row && column === from.column + columns);
  // Branches share rows: the next place may be of another one.
  return found === undefined || found.parent === null || found.parent === from ? found : undefined;
}

function least<Place>(places: readonly Place[], distance: (place: Place) => number): Place | undefined {
  let [best, nearest]: [Place | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const place of places) {
    const each = distance(place);
    if (each < nearest) [best, nearest] = [place, each];
  }
  return best;
}
