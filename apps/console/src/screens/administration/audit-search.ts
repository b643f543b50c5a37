/** The filters of the screen, as the address has them. */
export function auditSearch(_search: Readonly<Record<string, unknown>>): { marker?: string } {
  return {};
}
