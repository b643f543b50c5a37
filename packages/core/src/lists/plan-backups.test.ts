import { describe, expect, test } from 'vitest';
import { type Seen, startService } from '../testing/service.ts';
import { idsOf, items } from '../testing/wire.ts';

const planning = (seconds: number | null) => (call: Seen) => ({
  body: {
    plan: idsOf(call).map((backup_id) => ({
      backup_id,
      class: 'new',
      outcome: 'created',
      message: 'would be recorded',
      level: 'inventory',
      reason: null,
    })),
    forecast: { lists: 1, gets: 2, bytes_read: 3, seconds },
    requests: { lists: 1, gets: 1, bytes_read: 1 },
  },
});

describe('planning a list', () => {
  test('sends 50 items a call and adds up the answers', async () => {
    await using service = await startService(planning(0.5));
    const whole = await service.client().planBackups(items(120));
    expect(whole.plan.map(({ backup_id }) => backup_id)).toEqual(items(120).map(({ backup_id }) => backup_id));
    expect(whole.forecast).toEqual({ lists: 3, gets: 6, bytes_read: 9, seconds: 1.5 });
    expect(service.seen.map(({ url }) => url)).toEqual(Array(3).fill('/v1/projects/p%2F1/plan'));
  });

  test('has no time if one call has none', async () => {
    let calls = 0;
    await using service = await startService((call) => {
      calls += 1;
      return planning(calls === 1 ? null : 0.5)(call);
    });
    const whole = await service.client().planBackups(items(60));
    expect(whole.forecast).toEqual({ lists: 2, gets: 4, bytes_read: 6, seconds: null });
  });
});
