import type { Resource } from '@backup-sync/contracts';
import { objectTimeMark } from './backups.ts';

/** `90 min`, `26 h`, `7 d`. */
function ageText(seconds: number): string {
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 3 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** A limit as it was given: `90 s`, `26 h`, `7 d`. It is not rounded, because ages are compared with it. */
export function limitText(seconds: number): string {
  if (seconds >= 3 * 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds >= 2 * 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** The age of the newest proved backup: `26 h`, `~26 h` if it comes from an object, null if there is none. */
export function newestAge({
  newest_proved_age_s: ageS,
  newest_proved_at_source: source,
}: Pick<Resource, 'newest_proved_age_s' | 'newest_proved_at_source'>): string | null {
  return ageS === null ? null : `${objectTimeMark(source)}${ageText(ageS)}`;
}
