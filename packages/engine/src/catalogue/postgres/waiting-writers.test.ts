import { expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { makeAcceptance, makeItem } from '../fixtures-for-conformance.ts';
import { lockOfProject } from '../lock-kinds.ts';
import { openConnectionPool } from './connection-pool.ts';
import { beginLocks } from './held-locks.ts';
import { openPostgresCatalogue } from './open-postgres-catalogue.ts';

test('while more steps than there are connections wait for a project, reads answer and the node tells that it lives', async () => {
  await using migrated = await createMigratedDatabase(false);
  const { catalogue } = openPostgresCatalogue({ url: migrated.url, storeJobs: async () => {} });
  await using _ = catalogue;
  await using other = openConnectionPool(migrated.url, 1);
  const node = { id: 'node-1', hostName: 'here', pid: 1, version: '1', serves: true, works: true };
  await catalogue.nodes.registerNode(node, 0);
  const accepted = await other.database
    .transaction()
    .execute(async (holding) => {
      await beginLocks(holding, ['project']).take(holding, [lockOfProject('project-1', false)]);
      const waiting = Array.from({ length: 30 }, (_, index) =>
        catalogue.operations.accept(makeAcceptance('project-1', [makeItem(`backup-${index}`)])),
      );
      expect(await catalogue.nodes.beatNode({ id: 'node-1', clockAheadMs: 0, jobs: 0 }, 0)).not.toBeNull();
      expect(await catalogue.nodes.listNodes(1)).toMatchObject([{ id: 'node-1' }]);
      return waiting;
    })
    .then((waiting) => Promise.all(waiting));
  expect(accepted).toHaveLength(30);
});
