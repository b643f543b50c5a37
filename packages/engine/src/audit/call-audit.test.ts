import type { CallName, UnaryCallName } from '@backup-sync/contracts';
import { expect, expectTypeOf, test } from 'vitest';
import type { CallContext, CallHandlers, MutationHandler } from '../calls/call-context.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { Engine } from '../engine.ts';
import type { CallServices, QueryServices } from '../services.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';

const [nothing, never] = [async () => {}, undefined as never];

/** An engine whose `createProject` is this; and the events that its calls leave. */
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

test('a call that fails behind its change is done, and written down once', async () => {
  await using opened = await open(async ({ change }) => {
    await change('addProject', project('second'));
    throw new Error('what was changed cannot be read');
  });
  await expect(opened.create()).rejects.toThrow('what was changed cannot be read');
  expect(await opened.eventsOf('createProject')).toEqual([['done', null]]);
});

test('a call has one change', async () => {
  await using opened = await open(async ({ change }) => {
    await change('addProject', project('second'));
    await change('addProject', project('third'));
    return answer;
  });
  await expect(opened.create()).rejects.toThrow('createProject asks for a second change: addProject');
  expect(await opened.eventsOf('createProject')).toEqual([['done', null]]);
});

test('no mutation is answered that has changed nothing', async () => {
  await using opened = await open(async () => answer);
  await expect(opened.create()).rejects.toThrow('createProject is to be answered, and has changed nothing');
  expect(await opened.eventsOf('createProject')).toEqual([['failed', 'internal']]);
});

test('nor one that takes no notice of what its change came to', async () => {
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

test('a handler has no way to change something but its change', () => {
  expectTypeOf<Catalogue['directory']>().toHaveProperty('addProject');
  expectTypeOf<CallServices['catalogue']['directory']>().not.toHaveProperty('addProject');
  expectTypeOf<QueryServices['catalogue']['directory']>().not.toHaveProperty('addProject');
  expectTypeOf<CallContext>().not.toHaveProperty('change');
});
