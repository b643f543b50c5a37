import { expect, test } from 'vitest';
import { createMigratedDatabase } from '../testing/postgres-catalogue.ts';
import { HeldSession } from '../testing/step-pairs/held-session.ts';

test('a read of one query is a single statement on PostgreSQL, and any other is a transaction', async () => {
  await using migrated = await createMigratedDatabase(false);
  await using session = new HeldSession(migrated.url);
  const statementsOf = async (step: 'showBackup' | 'countBacklog', input: readonly unknown[]) => {
    expect(await session.run({ step, input }, null).outcome).not.toHaveProperty('error');
    return session.statements.map((statement) => statement.split(' ')[0]);
  };
  expect(await statementsOf('showBackup', ['project-1', 'backup-1'])).toEqual(['select']);
  expect(await statementsOf('countBacklog', ['project-1'])).toEqual(['start', 'select', 'commit']);
});
