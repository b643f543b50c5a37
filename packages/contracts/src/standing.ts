import { z } from 'zod';
import { resourceId, shown } from './fields.ts';
import { countedResources, maxAgeS } from './resource.ts';
import { type VerificationLevel, verificationLevel } from './verification.ts';

export const standing = z
  .object({
    level: verificationLevel.meta({ description: 'Level that a backup must reach to count as proved.' }),
    max_age_s: z
      .int()
      .nullable()
      .meta({ description: 'Maximum age of the newest proved backup, in seconds; null if none was given.' }),
    resources: z.int().meta({ description: 'Number of resources, retired ones included.' }),
    unproved: z
      .int()
      .meta({ description: 'Number of resources without a proved backup. Retired ones are not counted.' }),
    late: z.int().nullable().meta({
      description:
        'Number of resources without a proved backup that is at most max_age_s old. Unproved ones are counted, retired ones are not. Null if no max_age_s was given.',
    }),
    retired: z.int().meta({ description: 'Number of retired resources.' }),
    oldest: z
      .object({
        resource_id: resourceId,
        resource_name: shown.resourceName,
        newest_proved_age_s: z.int().meta({ description: 'Age of its newest proved backup, in seconds.' }),
      })
      .nullable()
      .meta({
        description: 'The resource whose newest proved backup is the oldest; null if no resource that counts has one.',
      }),
    summary: z.string().meta({ description: 'These numbers in one sentence, as `check` says them.' }),
  })
  .meta({ id: 'Standing', description: 'How many resources have a proved backup that is new enough.' });
export type Standing = z.infer<typeof standing>;

export const showStandingInput = z.object({
  ...countedResources,
  max_age_s: maxAgeS.optional().meta({ description: 'Maximum age of the newest proved backup, in seconds.' }),
});

export const showStandingAnswer = z.object({ standing }).meta({ id: 'ShowStandingAnswer' });

/** A limit as it was given: `90 s`, `26 h`, `7 d`. It is not rounded, because ages are compared with it. */
export function limitText(seconds: number): string {
  if (seconds >= 3 * 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds >= 2 * 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** What a backup must be to count: its level and, unless there is none, its maximum age in seconds. */
type Wanted = {
  readonly level: VerificationLevel;
  readonly maxAgeS: number | null;
  /** Whether its ceiling is enough, if that is lower. */
  readonly acceptsCeiling?: boolean;
};

function provedText({ level, maxAgeS, acceptsCeiling = false }: Wanted): string {
  return `proved to ${level}${acceptsCeiling ? ' or its ceiling' : ''}${maxAgeS === null ? '' : ` within ${limitText(maxAgeS)}`}`;
}

/** Monitors read the number, so that it has no separators. */
function resourcesText(count: number): string {
  return `${count} ${count === 1 ? 'resource' : 'resources'}`;
}

/** `2 of 3 resources have no backup proved to linkage within 26 h`. */
export function lateText(late: number, checked: number, wanted: Wanted): string {
  return `${late} of ${resourcesText(checked)} ${late === 1 ? 'has' : 'have'} no backup ${provedText(wanted)}`;
}

/** `3 resources have a backup proved to linkage within 26 h`. */
export function goodText(good: number, wanted: Wanted): string {
  return `${resourcesText(good)} ${good === 1 ? 'has' : 'have'} a backup ${provedText(wanted)}`;
}

/** What is said if there is nothing to check: `resources` is the number of those that are retired or excluded. */
export function nothingText(resources: number): string {
  return resources === 0 ? 'no backup of any resource is recorded' : 'no resource is left to check';
}

/** The sentence of `check` without names: `2 of 4 resources have no backup proved to linkage within 26 h; 2 OK, 1 retired`. */
export function standingText(numbers: Omit<Standing, 'oldest' | 'summary'>): string {
  const { level, max_age_s: maxAgeS, resources, unproved, late, retired } = numbers;
  const wanted = { level, maxAgeS };
  const checked = resources - retired;
  const bad = late ?? unproved;
  const parts =
    checked === 0 ? [nothingText(resources)] : [bad > 0 ? lateText(bad, checked, wanted) : goodText(checked, wanted)];
  const counts = [
    ...(bad > 0 && checked > bad ? [`${checked - bad} OK`] : []),
    ...(retired > 0 ? [`${retired} retired`] : []),
  ];
  if (counts.length > 0) parts.push(counts.join(', '));
  return parts.join('; ');
}
