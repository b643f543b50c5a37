import { createHash } from 'node:crypto';

/** Ids may not be longer, in characters. */
const idMax = 255;

/**
 * An id for a backup or resource that has none of its own: its name, and a hash of its place, which is its bucket and its
 * path, with a "/" between them.
 */
export function idOfPlace(name: string, place: string): string {
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 12);
  return `${name.slice(0, idMax - hash.length - 1)}-${hash}`;
}
