/**
 * Reads the seconds of CPU of a shell's children, user and system together, from what `times` prints last: minutes and
 * seconds of each.
 */
export function childSeconds(printed: string): number {
  const ofChildren = printed.trim().split('\n').at(-1) ?? '';
  const parts = Array.from(ofChildren.matchAll(/(\d+)m([\d.]+)s/g));
  return parts.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
