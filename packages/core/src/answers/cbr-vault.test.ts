import { expect, test } from 'vitest';
import { startService } from '../testing/service.ts';

test('fields that a cloud omits from a vault or a checkpoint are read as null', async () => {
  const billing = { cloud_type: 'public', charging_mode: 'pre_paid', object_type: 'turbo', used: 7, size: 100 };
  const vault = { id: 'v', name: 'v', billing, resources: [{ id: 'r', name: 'vm', type: 'OS::Sfs::Turbo' }] };
  const checkpoint = {
    id: 'c',
    status: 'protecting',
    created_at: '2026-01-01T00:00:00Z',
    vault: { id: 'v', name: 'v' },
  };
  await using service = await startService(({ url }) => ({
    body: url.includes('/checkpoints/')
      ? { checkpoint }
      : url.endsWith('/v')
        ? { vault }
        : { vaults: [vault], count: 1 },
  }));
  const { calls } = service.client();
  const read = { ...vault, billing: { ...billing, allocated: null }, tags: null, created_at: null };
  expect((await calls.showVault({ vault_id: 'v' })).vault).toMatchObject(read);
  expect(await calls.listVaults({ name: 'v' })).toMatchObject({ vaults: [read], count: 1, limit: null });
  expect(await calls.showCheckpoint({ checkpoint_id: 'c' })).toMatchObject({
    checkpoint: { id: 'c', created_at: '2026-01-01T00:00:00.000000', vault: { resources: null } },
  });
  expect(service.seen.map(({ url }) => url.replace(/^.v3.[^/]+/, ''))).toEqual([
    '/vaults/v',
    '/vaults?name=v',
    '/checkpoints/c',
  ]);
});

test('a vault or checkpoint that a cloud does not have fails with our codes', async () => {
  await using service = await startService(() => ({
    status: 404,
    body: { error_code: 'BackupService.6105', error_msg: 'The vault does not exist' },
  }));
  const { calls } = service.client();
  await expect(calls.showVault({ vault_id: 'v' })).rejects.toMatchObject({ code: 'vault_not_found' });
  const checkpoint = calls.showCheckpoint({ checkpoint_id: 'c' });
  await expect(checkpoint).rejects.toMatchObject({ code: 'checkpoint_not_found' });
});

test('a call that a cloud does not offer is not retried', async () => {
  await using service = await startService(() => ({ status: 501, body: { error_msg: 'Not implemented' } }));
  await expect(service.client().calls.listVaults({})).rejects.toMatchObject({ code: 'not_supported' });
  expect(service.seen).toHaveLength(1);
});
