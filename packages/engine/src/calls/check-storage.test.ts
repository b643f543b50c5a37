import { expect, test } from 'vitest';
import { CatalogueFullError } from '../catalogue/catalogue-errors.ts';
import { probeBuckets } from '../storage/probe-bucket.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import type { CallContext } from './call-context.ts';
import { checkStorage } from './storage-checks.ts';

/** The services of a project with a grant for `mine`, over a directory of buckets. */
async function open() {
  await using stack = new AsyncDisposableStack();
  const buckets = stack.use(await makeTestBuckets());
  await buckets.put('mine', new Map([['a', Buffer.from('content')]]));
  await buckets.put('other', new Map([['project/a', Buffer.from('content')]]));
  const over = stack.use(await openServicesOver(openMemoryStorageUnit(new Map()), 'mine'));
  const storage = `file:${buckets.directory}`;
  const services = {
    ...over.services,
    work: {
      ...over.services.work,
      storageProbe: {
        storage,
        probe: (asked: Pick<Parameters<typeof probeBuckets>[0], 'places' | 'signal'>) =>
          probeBuckets({ ...asked, storage }),
      },
    },
  };
  const { projectId } = over;
  const caller = { kind: 'user', name: 'ada', projectId, role: 'operator' } as const;
  const context: CallContext = { services, caller, requestId: 'request-1' };
  const owned = stack.move();
  return { services, context, projectId, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('checks the buckets granted to the project, at the prefix of the grant, and no others', async () => {
  await using over = await open();
  const { services, context, projectId } = over;
  const call = (bucket_names?: string[]) =>
    checkStorage(context, { project_id: projectId, ...(bucket_names && { bucket_names }) });
  await expect(call(['mine', 'other'])).rejects.toMatchObject({ code: 'bucket_not_bound' });
  const grant = { projectId, storageUnitId: services.work.storage.id, bucketName: 'other', prefix: 'project/' };
  await services.catalogue.grants.addGrant(grant);
  const allowed = { list: 'allowed', head: 'allowed', get: 'allowed', refusals: [] };
  expect(await call()).toMatchObject({
    catalogue: null,
    buckets: [
      { bucket_name: 'mine', prefix: '', ...allowed },
      { bucket_name: 'other', prefix: 'project/', ...allowed },
    ],
    buckets_left_out: 0,
  });
});

test('reports that the disk of the catalogue is full, and still checks the buckets', async () => {
  await using over = await open();
  const { services, context, projectId } = over;
  const touch = () => Promise.reject(new CatalogueFullError('/data'));
  const { catalogue } = services;
  const upkeep = { ...catalogue.upkeep, touch };
  const full = { ...context, services: { ...services, catalogue: { ...catalogue, upkeep } } };
  const answer = await checkStorage(full, { project_id: projectId });
  expect(answer.catalogue?.message).toContain('full');
  expect(answer.buckets).toMatchObject([{ list: 'allowed' }]);
});

test('checks an empty bucket too', async () => {
  await using over = await open();
  await using buckets = await makeTestBuckets();
  await buckets.put('empty', new Map());
  const [probed] = await probeBuckets({
    storage: `file:${buckets.directory}`,
    places: [{ bucketName: 'empty', prefix: '' }],
    signal: over.services.world.stopping,
  });
  expect(probed).toMatchObject({
    list: 'allowed',
    head: 'allowed',
    get: 'allowed',
    notes: ['Nothing is stored in empty yet.'],
  });
});
