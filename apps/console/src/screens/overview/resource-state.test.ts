import type { Resource } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { RowStanding } from '../../words/overview.ts';
import { sentenceTone, standingOf } from './resource-state.ts';

type Given = { readonly ageS: number | null; readonly failed?: number; readonly isRetired?: boolean };

/** The fields of a resource that its standing depends on. */
function resource({ ageS, failed = 0, isRetired = false }: Given): Resource {
  const retiredAt = isRetired ? '2026-03-01T02:00:00.000000' : null;
  return { retired_at: retiredAt, newest_proved_age_s: ageS, recent: { failed_since: failed } } as Resource;
}

describe('a resource', () => {
  test.each<[Given, number | null, RowStanding]>([
    [{ ageS: 10 }, null, 'proved'],
    [{ ageS: 10 }, 10, 'good'],
    [{ ageS: 11 }, 10, 'late'],
    [{ ageS: 10, failed: 1 }, null, 'failing'],
    [{ ageS: 10, failed: 1 }, 10, 'failing'],
    [{ ageS: 11, failed: 1 }, 10, 'late'],
    [{ ageS: null, failed: 1 }, null, 'unproved'],
    [{ ageS: null, isRetired: true }, 10, 'retired'],
  ])('%j with the maximum age %j is %s', (given, maxAgeS, standing) => {
    expect(standingOf(resource(given), maxAgeS)).toBe(standing);
  });
});

describe('the sentence on all resources', () => {
  test.each([
    [{ resources: 3, retired: 0, unproved: 0, late: null }, 'quiet'],
    [{ resources: 3, retired: 0, unproved: 1, late: null }, 'bad'],
    [{ resources: 3, retired: 0, unproved: 0, late: 0 }, 'good'],
    [{ resources: 3, retired: 0, unproved: 0, late: 1 }, 'bad'],
    [{ resources: 3, retired: 3, unproved: 0, late: 0 }, 'quiet'],
  ] as const)('%j has the tone %s', (standing, tone) => {
    expect(sentenceTone(standing)).toBe(tone);
  });
});
