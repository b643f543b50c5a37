import { DatabaseSync } from 'node:sqlite';
import type { ErrorCode, MutationName, UnaryCallName } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine } from '../testing/test-engine.ts';

const bucket = 'bucket';
const password = 'a password of twelve';
const nobody = { user_name: 'nobody' };

/** Calls of one mutation: one that is done, with the created id that its event names, and one that is refused. */
type Calls = {
  /** Prepares what the call needs. */
  readonly before?: string;
  readonly done: object;
  readonly made?: readonly string[];
  readonly refused: object;
  readonly error: ErrorCode;
};

async function open() {
  const opened = await openTestEngine();
  const { engine, projectId, buckets } = opened;
  const chain = writeSmallChain('volume', 4, []);
  for (const backup of chain) await buckets.put(bucket, backup.objects);
  const as = <Name extends UnaryCallName>(name: Name, requestId: string, input: object) =>
    engine.call(
      name,
      { caller: { kind: 'system', name: 'root', projectId, role: 'administrator' }, requestId },
      { ...input, project_id: projectId },
    );
  const eventsOf = async (requestId: string) =>
    (await as('listAuditEvents', 'look', { limit: 1000 })).audit_events.filter(
      (event) => event.request_id === requestId,
    );
  return { ...opened, as, eventsOf, items: chain.map((backup) => syncItemOf(backup, bucket)) };
}

/** The mutations, ordered so that each finds what it needs. */
function callsOf(
  projectId: string,
  items: readonly { readonly backup_id: string; readonly resource_id: string }[],
): Record<MutationName, Calls> {
  const backup = { backup_id: items[0]?.backup_id };
  const unknown = { backup_id: 'unknown' };
  const resource = { resource_id: items[0]?.resource_id };
  const ada = { user_name: 'ada' };
  const inFirst = { target_project_id: projectId };
  const granted = { ...inFirst, bucket_name: 'granted' };
  const noBackup = 'backup_not_found';
  const noSource = { refused: { source_id: 'unknown' }, error: 'source_not_found' } as const;
  const noHook = { refused: { hook_id: 'unknown' }, error: 'hook_not_found' } as const;
  const noUser = { refused: nobody, error: 'user_not_found' } as const;
  return {
    createUser: {
      done: { name: 'ada', password },
      refused: { name: 'ada', password },
      error: 'user_name_taken',
    },
    setUserPassword: { done: { ...ada, password }, refused: { ...nobody, password }, error: 'user_not_found' },
    grantRole: {
      done: { ...ada, ...inFirst, role: 'operator' },
      refused: { ...ada, target_project_id: 'unknown', role: 'operator' },
      error: 'project_not_found',
    },
    createAccessKey: {
      done: { ...ada, ...inFirst },
      made: ['access_key'],
      refused: { ...nobody, ...inFirst },
      error: 'user_not_found',
    },
    disableAccessKey: { done: {}, refused: { access_key: 'UNKNOWN' }, error: 'access_key_not_found' },
    disableUser: { done: ada, ...noUser },
    enableUser: { done: ada, ...noUser },
    revokeRole: { done: { ...ada, ...inFirst }, refused: { ...ada, ...inFirst }, error: 'role_not_found' },
    removeUser: { done: ada, ...noUser },
    syncBackups: { done: { sync: items }, refused: { sync: [] }, error: 'invalid_request' },
    importBackups: { done: { sync: items }, refused: { sync: [] }, error: 'invalid_request' },
    updateBackup: {
      done: { ...backup, backup: { name: 'mine' } },
      refused: { ...unknown, backup: { name: 'mine' } },
      error: noBackup,
    },
    verifyBackup: {
      done: { ...backup, level: 'content' },
      made: ['operation_id'],
      refused: { ...unknown, level: 'content' },
      error: noBackup,
    },
    beginExtraction: { done: backup, refused: unknown, error: noBackup },
    retireResource: { done: resource, refused: { resource_id: 'unknown' }, error: 'resource_not_found' },
    unretireResource: { done: resource, refused: { resource_id: 'unknown' }, error: 'resource_not_found' },
    startPlan: {
      done: { bucket_name: bucket },
      made: ['operation_id'],
      refused: { bucket_name: '' },
      error: 'invalid_request',
    },
    startScan: {
      done: { bucket_name: bucket },
      made: ['operation_id'],
      refused: { bucket_name: '' },
      error: 'invalid_request',
    },
    cancelOperation: { done: {}, refused: { operation_id: 'unknown' }, error: 'operation_not_found' },
    addSource: {
      done: { name: 'own', bucket_name: bucket },
      made: ['source_id'],
      refused: { name: 'own', bucket_name: bucket },
      error: 'source_name_taken',
    },
    updateSource: {
      done: { interval_s: 86_400 },
      refused: { source_id: 'unknown', interval_s: 86_400 },
      error: 'source_not_found',
    },
    pauseSource: { done: {}, ...noSource },
    resumeSource: { done: {}, ...noSource },
    scanSource: { done: {}, made: ['operation_id'], ...noSource },
    syncCheckpoint: { done: {}, refused: { sync: { vault_id: 'unknown' } }, error: 'source_not_found' },
    confirmSource: {
      before: `UPDATE sources SET held_at_ms = 1, held_cause = 'too_many'`,
      done: {},
      made: ['operation_id'],
      ...noSource,
    },
    removeSource: { done: {}, ...noSource },
    deleteBackup: { done: backup, refused: backup, error: noBackup },
    addHook: {
      done: { name: 'pager', url: 'https://localhost/hook' },
      made: ['hook_id'],
      refused: { name: 'pager', url: 'https://127.0.0.1/hook' },
      error: 'hook_address_refused',
    },
    updateHook: { done: { newest_older_than_s: 93_600 }, ...noHook },
    testHook: { done: {}, ...noHook },
    pauseHook: { done: {}, ...noHook },
    resumeHook: { done: {}, ...noHook },
    rotateHookSecret: { done: {}, ...noHook },
    resendHookDeliveries: { done: {}, ...noHook },
    removeHook: { done: {}, ...noHook },
    createProject: {
      done: { name: 'second' },
      made: ['target_project_id'],
      refused: { name: 'second' },
      error: 'project_name_taken',
    },
    grantBucket: {
      done: granted,
      refused: { ...granted, target_project_id: 'unknown' },
      error: 'project_not_found',
    },
    revokeBucket: { done: granted, refused: granted, error: 'bucket_grant_not_found' },
  };
}

test('each mutation leaves exactly one event, done or refused, which names what it created', async () => {
  await using opened = await open();
  const { as, eventsOf, items, projectId } = opened;
  using database = new DatabaseSync(opened.databasePath);
  /** The newest id of each kind that a call has created, for the calls that take one. */
  const made = new Map<string, string>();
  const inputOf = (name: string, { done }: Calls): object => {
    if (name === 'disableAccessKey') return { ...done, access_key: made.get('access_key') };
    if (name === 'cancelOperation') return { ...done, operation_id: made.get('operation_id') };
    if (name === 'syncCheckpoint') return { ...done, sync: { vault_id: made.get('source_id') } };
    if (/Hook/.test(name) && name !== 'addHook') return { ...done, hook_id: made.get('hook_id') };
    return /Source$/.test(name) && name !== 'addSource' ? { ...done, source_id: made.get('source_id') } : done;
  };
  /** Waits until no operation runs: a call that joins a running one, or finds a backup busy, would be another case. */
  const idle = async () => {
    const filter = { status: ['waiting', 'running'] };
    while ((await as('listOperations', 'look', filter)).count > 0);
  };
  const calls = callsOf(projectId, items);
  for (const name of Object.keys(calls) as MutationName[]) {
    const each = calls[name];
    if (each.before !== undefined) database.exec(each.before);
    const input = inputOf(name, each);
    const answer = await as(name, `${name}-done`, input);
    const [event, ...others] = await eventsOf(`${name}-done`);
    expect(others, name).toEqual([]);
    expect(event, name).toMatchObject({ operation: name, outcome: 'done', error: null });
    const named = new Map(event?.subjects.map(({ field, value }) => [field, value]));
    const ofInput = Object.keys(input).filter((field) => named.has(field));
    for (const field of each.made ?? []) {
      expect(JSON.stringify(answer), name).toContain(named.get(field));
      made.set(field, named.get(field) ?? '');
    }
    const extra = [...named.keys()].filter(
      (field) => !ofInput.includes(field) && !['name', 'backup_id', 'vault_id'].includes(field),
    );
    expect(extra, name).toEqual(each.made ?? []);
    if (name !== 'startScan') await idle();

    await expect(as(name, `${name}-refused`, each.refused), name).rejects.toMatchObject({ code: each.error });
    const refusals = await eventsOf(`${name}-refused`);
    expect(refusals, name).toMatchObject([{ operation: name, outcome: 'refused', error: each.error }]);
  }
  expect(opened.faults).toEqual([]);
});
