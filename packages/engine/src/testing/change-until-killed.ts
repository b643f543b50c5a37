/**
 * A process that makes many changes at once until it is killed. Arguments: `<data directory> <buckets> <round>`. It
 * prints `ready`, then the request id of each answered call on its own line.
 */
import { writeSync } from 'node:fs';
import type { CallInput, UnaryCallName } from '@backup-sync/contracts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';

const [dataDirectory = '', buckets = '', round = ''] = process.argv.slice(2);
const callsAtOnce = 8;

const engine = await openEmbeddedEngine({ dataDirectory, storage: `file:${buckets}`, onFault: () => {} });
const projectId = engine.identity.project.id;
const caller = { kind: 'system', name: 'root', projectId, role: 'administrator' } as const;

// Unbuffered, so that everything printed before the kill arrives.
const tell = (line: string) => writeSync(1, `${line}\n`);

async function call<Name extends UnaryCallName>(name: Name, input: Omit<CallInput<Name>, 'project_id'>) {
  const requestId = engine.newId();
  const answer = await engine.call(name, { caller, requestId }, { ...input, project_id: projectId });
  tell(requestId);
  return answer;
}

async function changeAll(name: string): Promise<void> {
  const item = { backup_name: name, bucket_name: 'bucket', resource_id: 'r', resource_name: 'r' };
  const times = { resource_type: 'OS::Native::Server', created_at: 1_700_000_000 };
  const sync = ['a', 'b'].map((part) => ({
    ...item,
    ...times,
    backup_id: `${name}-${part}`,
    image_path: `chains/${name}`,
  }));
  await call('syncBackups', { sync });
  await call('createProject', { name });
  const place = { target_project_id: projectId, bucket_name: name };
  await call('grantBucket', place);
  const { source } = await call('addSource', { name, bucket_name: name, force: true });
  await call('removeSource', { source_id: source.id });
  await call('revokeBucket', place);
  const requestId = engine.newId();
  await engine.identity.issueSystemToken('root', null, { origin: { door: 'engine', address: null }, requestId });
  tell(requestId);
}

async function changeOn(worker: number): Promise<never> {
  for (let number = 0; ; number += 1) await changeAll(`name-${round}-${worker}-${number}`);
}

await call('grantBucket', { target_project_id: projectId, bucket_name: 'bucket' });
tell('ready');
await Promise.all(Array.from({ length: callsAtOnce }, (_, worker) => changeOn(worker)));
