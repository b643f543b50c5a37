import type { Resource } from '@backup-sync/contracts';
import { objectTimeMark } from './backups.ts';

/** `90 min`, `26 h`, `7 d`. */
function ageText(seconds: number): string {
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 3 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** The age of the newest proved backup: `26 h`, `~26 h` if it comes from an object, null if there is none. */
export function newestAge({
  newest_proved_age_s: ageS,
  newest_proved_at_source: source,
}: Pick<Resource, 'newest_proved_age_s' | 'newest_proved_at_source'>): string | null {
  return ageS === null ? null : `${objectTimeMark(source)}${ageText(ageS)}`;
}
