/** The filters of the screen, as the address has them. */
export function chainSearch(_search: Readonly<Record<string, unknown>>): { marker?: string } {
  return {};
}
