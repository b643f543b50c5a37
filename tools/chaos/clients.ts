import { setTimeout as pause } from 'node:timers/promises';
import { BackupSyncError, errorBody, errors, verifyBackupAnswer } from '../../packages/contracts/src/index.ts';
import { createClient } from '../../packages/core/src/index.ts';
import type { KnownBackup } from './backups.ts';
import { administrator } from './checked-calls.ts';
import { shown } from './report.ts';
import { drawsOf, type Scene } from './scene.ts';

const againAfterMs = 200;
/** Time after which a list that no fault prevents is given up. */
const acceptedWithinMs = 30_000;

/** Syncs through the client library, and repeats a list until all of it is accepted. */
export async function syncThroughLibrary(scene: Scene, backups: readonly KnownBackup[]): Promise<void> {
  const { world, ledger, report, healed } = scene;
  const draws = drawsOf(scene, 'library');
  const { service } = world;
  const connect = () =>
    createClient({
      endpoint: service.nextDoor().endpoint,
      projectId: service.projectId,
      credentials: administrator,
    });
  let client = connect();
  for (const batch of batchesOf(backups, draws.integer(3, 8))) {
    const items = batch.map(({ item }) => item);
    for (let sinceMs = performance.now(); ; ) {
      try {
        for await (const accepted of client.syncBackups(items)) {
          ledger.imports.set(accepted.operation_log_id, accepted.backup_id);
        }
        break;
      } catch (error) {
        const mayPass =
          error instanceof BackupSyncError && (errors[error.code].retryable || mayEndTokens(error, scene));
        if (!mayPass) report.broken('the client library is served', String(error));
        if (world.calls.isStopped) return;
        if (!healed.aborted) sinceMs = performance.now();
        if (!mayPass || performance.now() - sinceMs > acceptedWithinMs) {
          report.broken('a list is finally accepted', String(error));
          break;
        }
        await pause(againAfterMs);
        client = connect();
      }
    }
    await pause(draws.integer(0, 300));
  }
}

function mayEndTokens({ code }: BackupSyncError, { world }: Scene): boolean {
  return code === 'not_authenticated' && world.expected.tokensEnd;
}

/** Syncs by plain calls, and repeats items until the fault is over. */
export async function syncByHand(scene: Scene, backups: readonly KnownBackup[]): Promise<void> {
  const draws = drawsOf(scene, 'plain calls');
  const left = batchesOf(draws.shuffled(backups), draws.integer(3, 8));
  while (left.length > 0 || !scene.healed.aborted) {
    await syncBatch(scene, left.shift() ?? [draws.oneOf(scene.backups)]);
    await pause(draws.integer(50, 250));
  }
}

/** Sends a list until it is accepted or finally refused. */
export async function syncBatch({ world, ledger, report }: Scene, batch: readonly KnownBackup[]): Promise<void> {
  const body = { sync: batch.map(({ item }) => item) };
  const answer = await world.calls.untilTaken('POST', 'v3', '/backups/sync', body);
  if (answer === null) return;
  if (answer.status === 200) ledger.noteSync(answer.body);
  else report.broken('a valid list is accepted', `${answer.status} ${shown(answer.body)}`);
}

/** Sends a list with one valid item. It must be refused as a whole, with the place of every problem. */
export async function sendInvalidList({ world, seed, report, backups }: Scene): Promise<void> {
  const [valid] = backups;
  if (valid === undefined) return;
  const named = (name: string) => ({ ...valid.item, backup_id: refusedId(seed, name) });
  const body = {
    sync: [named('valid'), { ...named('nameless'), backup_name: '' }, { ...named('late'), created_at: 2 ** 40 }],
  };
  const answer = await world.calls.untilTaken('POST', 'v3', '/backups/sync', body);
  if (answer === null) return;
  const places = errorBody.safeParse(answer.body).data?.problems?.map(({ place }) => place);
  const isRight = answer.status === 400 && places?.join() === 'sync[1].backup_name,sync[2].created_at';
  if (!isRight) report.broken('an invalid list is refused as a whole', `${answer.status} ${shown(answer.body)}`);
}

/** An id that is only in refused lists. */
function refusedId(seed: string, name: string): string {
  return `refused-${seed}-${name}`;
}

/** Scans, runs the sources, and verifies a backup. */
export async function startOtherWork(scene: Scene, verified: KnownBackup): Promise<void> {
  const { world, ledger, report } = scene;
  const start = async (kind: 'scan' | 'source_run' | 'verify', path: string, body: object = {}) => {
    const answer = await world.calls.untilTaken('POST', 'v1', path, body);
    if (answer === null) return;
    const started = verifyBackupAnswer.safeParse(answer.body).data;
    if (answer.status === 200 && started !== undefined) ledger.others.set(started.operation_id, kind);
    else report.broken('requested work is accepted', `${path}: ${answer.status} ${shown(answer.body)}`);
  };
  await start('verify', `/backups/${verified.item.backup_id}/verifications`, { level: 'replay' });
  await start('scan', '/scans', { bucket_name: 'exports', sync: true });
  for (const source of world.sources.values()) await start('source_run', `/sources/${source}/scan`);
}

/** Deletes a record. It must be gone when the call is answered, and must not come back. */
export async function deleteRecord({ world, report }: Scene, { item }: KnownBackup): Promise<void> {
  const path = `/backups/${item.backup_id}`;
  while (true) {
    const answer = await world.calls.untilTaken('DELETE', 'v3', path);
    if (answer === null) return;
    // Without an answer to the first call, the second finds nothing.
    if (answer.status === 204 || answer.status === 404) break;
    if (answer.status !== 409) {
      report.broken('a record can be deleted', `${answer.status} ${shown(answer.body)}`);
      return;
    }
    await pause(againAfterMs);
  }
  world.deleted.add(item.backup_id);
}

function batchesOf(backups: readonly KnownBackup[], size: number): KnownBackup[][] {
  const batches: KnownBackup[][] = [];
  for (let first = 0; first < backups.length; first += size) batches.push(backups.slice(first, first + size));
  return batches;
}
