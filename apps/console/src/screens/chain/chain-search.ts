/** What the address of a resource has: the id of the selected backup. */
export type ChainSearch = { readonly backup?: string };

/** Keeps the id of a backup. An address may have anything. */
export function chainSearch({ backup }: Readonly<Record<string, unknown>>): ChainSearch {
  // The router parses what looks like a number.
  const id = typeof backup === 'number' ? String(backup) : backup;
  return typeof id === 'string' && id !== '' ? { backup: id } : {};
}
