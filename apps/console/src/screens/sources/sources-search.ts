/** What the address of the screen says: whether the form of a new source is open. */
export function sourcesSearch({ add }: Readonly<Record<string, unknown>>): { add?: 1 } {
  return add === 1 || add === '1' ? { add: 1 } : {};
}
