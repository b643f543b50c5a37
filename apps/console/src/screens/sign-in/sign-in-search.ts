/** Where to go after the sign-in: a path of the console. */
export function signInSearch(search: Readonly<Record<string, unknown>>): { next?: string } {
  const { next } = search;
  // Only a path, so that a link to the sign-in cannot lead to another site.
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? { next } : {};
}
