import { expect, test } from 'vitest';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { diskBytes, filesOfPackage, planOfPackage, streamedDisk } from '../testing/ovf-writer.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { acceptImports } from './accept-imports.ts';
import { importChain } from './import-chain.ts';

const bucketName = 'images';
const disks = Array.from({ length: 12 }, (_, at) => [`vm/disk-${at}.vmdk`, streamedDisk(`disk ${at}`).bytes] as const);

/** The descriptor of a package with one disk. */
function descriptorOf(name: string): readonly [string, Uint8Array] {
  const file = { name, bytes: Uint8Array.of(1) };
  const plan = planOfPackage('vm', { name, algorithm: null, disks: [{ id: 'disk', file, capacityBytes: diskBytes }] });
  return [`vm/${name}.ovf`, filesOfPackage(plan)[0]?.[1] ?? Uint8Array.of()];
}

test('a run reads the descriptors next to its disks once, and again for imports that are accepted later', async () => {
  const objects = new Map<string, Uint8Array>([...disks, descriptorOf('elsewhere.vmdk'), descriptorOf('other.vmdk')]);
  const unit = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  let descriptorsRead = 0;
  const storage = {
    ...unit,
    get: (request: Parameters<typeof unit.get>[0]) => {
      if (request.key.endsWith('.ovf')) descriptorsRead += 1;
      return unit.get(request);
    },
  };
  await using over = await openServicesOver(storage, bucketName);
  const { services, projectId, worker, clock } = over;
  const importAll = async (some: typeof disks) => {
    const imports = some.map(([image_path]) => ({
      item: { ...item, backup_id: image_path, image_path },
      proofsNotBeforeMs: null,
    }));
    const accepted = await acceptImports(services, imports, origin(projectId));
    const run = { signal: services.world.stopping, storage: services.work.storage };
    for (const each of accepted) await importChain(worker, chainOfItem(services, projectId, each.item), run);
    const operations = accepted.map(({ id }) => services.catalogue.operations.showOperation(projectId, id));
    return (await Promise.all(operations)).map((operation) => operation?.fault?.code ?? operation?.status);
  };
  expect(new Set(await importAll(disks.slice(0, 11)))).toEqual(new Set(['success']));
  expect(descriptorsRead).toBe(2);
  clock.timeMs += 1;
  objects.set(...descriptorOf('disk-11.vmdk'));
  expect(await importAll(disks.slice(11))).toEqual(['path_not_a_backup']);
  expect(descriptorsRead).toBe(2 + 3);
});

const item = {
  ...{ backup_name: 'disk', bucket_name: bucketName, resource_id: 'disks', resource_name: 'disks' },
  ...{ resource_type: 'VMware::Disk', created_at: Date.UTC(2026, 1, 1) / 1000 },
};

function origin(projectId: string) {
  const actor = { kind: 'system', name: 'ada' } as const;
  return { projectId, actor, requestId: 'request-1', parentOperationId: 'run-1', withAncestors: false, lane: null };
}
