import { hostname } from 'node:os';
import { toWireTime } from '@backup-sync/contracts';
import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import { makeRun } from '../catalogue/fixtures-for-conformance.ts';
import { contextOfCalls } from '../testing/context-of-calls.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { openTestEngine } from '../testing/test-engine.ts';
import { listNodes } from './nodes.ts';

test('an engine that alone uses its catalogue lists this process', async () => {
  await using world = await openTestEngine();
  const { engine, projectId } = world;
  const caller = { kind: 'system', name: 'ada', projectId, role: 'administrator' } as const;
  const answer = await engine.call('listNodes', { caller, requestId: 'request-1' }, { project_id: projectId });
  expect(answer.nodes).toMatchObject([
    { host_name: hostname(), process_id: process.pid, serves: false, works: true, operation_count: 0, operations: [] },
  ]);
});

test('living nodes of a catalogue are listed with the work of all projects, and source runs under their name', async () => {
  await using over = await openServicesOver(openMemoryStorageUnit(new Map()), 'bucket');
  const { services, projectId } = over;
  const { catalogue } = services;
  const node = { hostName: 'host-1', pid: 17, version: '1.2.3', serves: false, works: true };
  const id = newId();
  const nowMs = services.world.clock.nowMs();
  await catalogue.nodes.registerNode({ ...node, id: newId() }, nowMs - 16_000);
  await catalogue.nodes.registerNode({ ...node, id }, nowMs - 16_000);
  await catalogue.nodes.beatNode({ id, jobs: 2, clockAheadMs: 420_000 }, nowMs - 14_000);
  const [scan, run] = [newId(), newId()];
  await catalogue.operations.addOperation({ ...makeRun('another project', '', scan), sourceId: null });
  await catalogue.operations.addOperation(makeRun(projectId, 'source-1', run));
  for (const operation of [scan, run]) await catalogue.operations.startOperation(operation, id, 2_000);
  const caller = { kind: 'system', name: 'ada', projectId, role: 'administrator' } as const;
  const started_at = '1970-01-01T00:00:02.000000';
  expect(await listNodes(contextOfCalls(services, caller), { project_id: projectId })).toEqual({
    nodes: [
      {
        id,
        host_name: 'host-1',
        process_id: 17,
        version: '1.2.3',
        serves: false,
        works: true,
        started_at: toWireTime(nowMs - 16_000),
        seen_at: toWireTime(nowMs - 14_000),
        clock_ahead_ms: 420_000,
        operation_count: 2,
        operations: [
          { id: scan, project_id: 'another project', kind: 'scan', bucket_name: 'bucket-1', started_at },
          { id: run, project_id: projectId, kind: 'source_run', bucket_name: 'bucket-1', started_at },
        ],
      },
    ],
  });
});
