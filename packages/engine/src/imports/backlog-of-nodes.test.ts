import { expect, test } from 'vitest';
import { acceptedIds, makeAcceptance, makeItem } from '../catalogue/fixtures-for-conformance.ts';
import { openTestPostgresCatalogue } from '../testing/postgres-catalogue.ts';
import { TestClock } from '../testing/test-clock.ts';
import { Backlog } from './backlog.ts';

test('a node learns within two seconds that another node has filled the backlog', async () => {
  await using catalogue = await openTestPostgresCatalogue();
  const clock = new TestClock();
  const [one, other] = ['one', 'other'].map(
    () => new Backlog(catalogue, clock, { max: 3, jobsAtOnce: 2, hasOtherNodes: true }),
  );
  await one?.admit('project-1', 0);
  await other?.admit('project-1', 3);
  const items = ['a', 'b', 'c'].map((id) => makeItem(id));
  expect(await acceptedIds(catalogue, makeAcceptance('project-1', items))).toHaveLength(3);
  clock.timeMs += 2_000;
  await expect(one?.admit('project-1', 1)).rejects.toMatchObject({ code: 'backlog_full' });
});
