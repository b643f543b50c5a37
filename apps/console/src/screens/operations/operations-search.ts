/** The filters of the screen, as the address has them. */
export function operationsSearch(_search: Readonly<Record<string, unknown>>): { marker?: string } {
  return {};
}
