import { expect, test } from 'vitest';
import { openTestEngine } from '../testing/test-engine.ts';

test('a listing of resources refuses a filter that its order cannot have, and says what to leave out', async () => {
  await using engine = await openTestEngine();
  const refusals: readonly (readonly [object, string, string])[] = [
    [{ sort: 'worst', accept_ceiling: true }, 'accept_ceiling', 'leave out sort=worst, or accept_ceiling'],
    [{ standing: 'late' }, 'standing', 'needs sort=worst'],
    [{ sort: 'worst', standing: 'late' }, 'max_age_s', 'is needed for standing=late'],
  ];
  for (const [input, place, message] of refusals) {
    const refused = expect.objectContaining({ place, message: expect.stringContaining(message) });
    await expect(engine.call('listResources', input)).rejects.toMatchObject({ problems: [refused] });
  }
  const orders = [{ accept_ceiling: true }, { sort: 'worst', accept_ceiling: false }];
  for (const input of orders) expect((await engine.call('listResources', input)).resources).toEqual([]);
});
