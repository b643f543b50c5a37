import { idIn } from '../operations/operations-search.ts';

/** What the address of a resource has: the id of the selected backup. */
export type ChainSearch = { readonly backup?: string };

/** Keeps the id of a backup. An address may have anything. */
export function chainSearch({ backup }: Readonly<Record<string, unknown>>): ChainSearch {
  const id = idIn(backup);
  return id === undefined ? {} : { backup: id };
}
