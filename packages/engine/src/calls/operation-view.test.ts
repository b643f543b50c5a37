import { expect, test } from 'vitest';
import type { ItemOperation, SingleOperation } from '../catalogue/operation-records.ts';
import { operationView } from './operation-view.ts';

const common = {
  id: 'operation-1',
  projectId: 'project-1',
  parentOperationId: null,
  storageUnitId: 'files',
  bucketName: 'bucket',
  actor: { kind: 'user', name: 'operator' },
  requestId: 'request-1',
  status: 'waiting',
  message: '',
  fault: null,
  requests: null,
  createdAtMs: 0,
  startedAtMs: null,
  endedAtMs: null,
  updatedAtMs: 0,
  deadlineAtMs: 1,
  leaseOwner: null,
  epoch: 0,
  lane: 'mass',
  retries: { attempts: 0, firstFailureAtMs: null, notBeforeMs: null, fault: null },
  cancelRequestedAtMs: null,
} as const;

const item = {
  backup_id: 'backup-1',
  backup_name: 'daily',
  bucket_name: 'bucket',
  image_path: 'a',
  resource_id: 'resource-1',
  resource_name: 'volume',
  resource_type: 'OS::Cinder::Volume',
  created_at: 0,
};

const ofItem: ItemOperation = {
  ...common,
  kind: 'import',
  backupId: 'backup-1',
  item,
  withAncestors: false,
  proofsNotBeforeMs: 0,
  outcome: null,
  timeContradiction: null,
  level: null,
  incremental: null,
};

const single: SingleOperation = {
  ...common,
  kind: 'verify',
  backupId: 'backup-1',
  sourceId: null,
  request: {},
  progress: {},
  result: null,
  listedAtMs: null,
  findingsRemovedAtMs: null,
};

test.each([ofItem, single])('the fields of an operation keep the order that earlier releases printed', (record) => {
  expect(Object.keys(operationView(record, { of: () => null }))).toEqual([
    ...['id', 'project_id', 'parent_operation_id', 'status', 'created_at', 'started_at', 'ended_at', 'updated_at'],
    ...['message', 'reason', 'requests', 'phase', 'kind', 'bucket_name', 'backup_id', 'backup_name', 'source_id'],
    ...['cancel_requested', 'waiting_for', 'progress', 'result'],
  ]);
});
