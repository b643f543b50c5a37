import type { Resource } from '@backup-sync/contracts';
import type { Tone } from '../../parts/badges.tsx';
import type { RowStanding } from '../../words/overview.ts';

/** How a resource stands, as the filters of the server say it. Null: no maximum age. */
export function standingOf(resource: Resource, maxAgeS: number | null): RowStanding {
  const { retired_at: retiredAt, newest_proved_age_s: ageS } = resource;
  if (retiredAt !== null) return 'retired';
  if (ageS === null) return 'unproved';
  return maxAgeS !== null && ageS > maxAgeS ? 'late' : 'good';
}

export const standingTones: Readonly<Record<RowStanding, Tone>> = {
  unproved: 'bad',
  late: 'warn',
  good: 'good',
  retired: 'quiet',
};
