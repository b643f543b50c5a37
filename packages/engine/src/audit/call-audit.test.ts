import type { CallName, UnaryCallName } from '@backup-sync/contracts';
import { expect, expectTypeOf, test } from 'vitest';
import type { CallContext, CallHandlers, MutationHandler } from '../calls/call-context.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { Engine } from '../engine.ts';
import type { CallServices, QueryServices } from '../services.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';

const [nothing, never] = [async () => {}, undefined as never];

/** An engine with this `createProject`, and the events of its calls. */
async function open(createProject: MutationHandler<'createProject'>) {
  const over = await openServicesOver(openMemoryStorageUnit(new Map()), 'bucket');
  const { services, projectId } = over;
  const handlers = { createProject } satisfies Partial<CallHandlers<UnaryCallName>>;
  const engine = Engine.over({ services, handlers, streams: never, identity: never, release: nothing });
  const from = { caller: { kind: 'user', name: 'ada', projectId, role: 'administrator' }, requestId: 'r' } as const;
  return {
    create: () => engine.call('createProject', from, { project_id: projectId, name: 'second' }),
    eventsOf: async (operation: CallName) =>
      (await services.catalogue.audit.listAuditEvents({ operation, limit: 1000 })).events.map(
        ({ outcome, errorCode }) => [outcome, errorCode],
      ),
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

const project = (name: string) => ({ id: name, name, createdAtMs: 1 });
const answer = { project: { id: '', name: '', created_at: '' }, made_explicit: [] };

test('a call that fails after its change is done, and leaves one event', async () => {
  await using opened = await open(async ({ change }) => {
    await change('addProject', project('second'));
    throw new Error('what was changed cannot be read');
  });
  await expect(opened.create()).rejects.toThrow('what was changed cannot be read');
  expect(await opened.eventsOf('createProject')).toEqual([['done', null]]);
});

test('a call can make only one change', async () => {
  await using opened = await open(async ({ change }) => {
    await change('addProject', project('second'));
    await change('addProject', project('third'));
    return answer;
  });
  await expect(opened.create()).rejects.toThrow('createProject requests a second change: addProject');
  expect(await opened.eventsOf('createProject')).toEqual([['done', null]]);
});

test('a mutation that has changed nothing is not answered', async () => {
  await using opened = await open(async () => answer);
  await expect(opened.create()).rejects.toThrow('createProject has changed nothing, so it must not be answered');
  expect(await opened.eventsOf('createProject')).toEqual([['failed', 'internal']]);
});

test('a mutation that ignores the outcome of its change is not answered', async () => {
  await using opened = await open(async ({ change }) => {
    await change('addProject', project('second'));
    return answer;
  });
  await opened.create();
  await expect(opened.create()).rejects.toThrow('has changed nothing');
  const events = await opened.eventsOf('createProject');
  expect(events).toHaveLength(2);
  expect(events).toEqual(
    expect.arrayContaining([
      ['done', null],
      ['failed', 'internal'],
    ]),
  );
});

test('a handler can change data only by its `change`', () => {
  expectTypeOf<Catalogue['directory']>().toHaveProperty('addProject');
  expectTypeOf<CallServices['catalogue']['directory']>().not.toHaveProperty('addProject');
  expectTypeOf<QueryServices['catalogue']['directory']>().not.toHaveProperty('addProject');
  expectTypeOf<CallContext>().not.toHaveProperty('change');
});
