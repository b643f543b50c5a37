import type { Resource, Standing } from '@backup-sync/contracts';
import type { Tone } from '../../parts/badges.tsx';
import type { RowStanding } from '../../words/overview.ts';

/**
 * How a resource stands. Null: no maximum age, so that no proved backup is new enough to be called good. What the filter
 * of the server calls good is here `failing` if backups after the newest proved one are in error.
 */
export function standingOf(resource: Resource, maxAgeS: number | null): RowStanding {
  const { retired_at: retiredAt, newest_proved_age_s: ageS, recent } = resource;
  if (retiredAt !== null) return 'retired';
  if (ageS === null) return 'unproved';
  if (maxAgeS !== null && ageS > maxAgeS) return 'late';
  if (recent !== null && recent.failed_since > 0) return 'failing';
  return maxAgeS === null ? 'proved' : 'good';
}

export const standingTones: Readonly<Record<RowStanding, Tone>> = {
  unproved: 'bad',
  late: 'warn',
  failing: 'warn',
  proved: 'quiet',
  good: 'good',
  retired: 'quiet',
};

/** The tone of the sentence on all resources: good only if none is too old. */
export function sentenceTone({
  unproved,
  late,
  resources,
  retired,
}: Pick<Standing, 'unproved' | 'late' | 'resources' | 'retired'>): Tone {
  if (resources === retired) return 'quiet';
  if ((late ?? unproved) > 0) return 'bad';
  return late === null ? 'quiet' : 'good';
}
