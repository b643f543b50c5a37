import fc from 'fast-check';
import type { BackupSync } from '../../packages/contracts/src/index.ts';
import { type FormatUnderTest, formatsUnderTest } from '../../packages/engine/src/testing/formats-under-test.ts';
import { openTestEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine.ts';
import { brokenData } from './broken-data.ts';
import { type Mutation, mutations } from './mutations.ts';

export type EngineFuzzCounts = { rounds: number; proved: number };

/**
 * Takes changed buckets through a real engine, on files: a scan, a sync and a verification to `replay`.
 * Throws if the engine reports a fault, or proves a broken backup.
 */
export async function fuzzEngine(options: {
  readonly rounds: number;
  readonly seed: number;
}): Promise<EngineFuzzCounts> {
  const counts: EngineFuzzCounts = { rounds: 0, proved: 0 };
  await using engine = await openTestEngine();
  const outcome = await fc.check(
    fc.asyncProperty(fc.constantFrom(...formatsUnderTest), mutations(), async (subject, changes) => {
      counts.rounds += 1;
      if (await takeThrough(engine, subject, changes, `fuzzed-${counts.rounds}`)) counts.proved += 1;
    }),
    { numRuns: options.rounds, seed: options.seed, endOnFailure: true },
  );
  if (outcome.failed) {
    const [subject, changes = []] = outcome.counterexample ?? [];
    const shown = `${subject?.format}, ${changes.map(({ name }) => name).join(', then ')}`;
    throw new Error(`seed ${options.seed}: ${String(outcome.errorInstance)}, with ${shown}`, {
      cause: outcome.errorInstance,
    });
  }
  return counts;
}

/** Whether the backup was proved to `replay`. */
async function takeThrough(
  engine: TestEngine,
  subject: FormatUnderTest,
  changes: readonly Mutation[],
  bucketName: string,
): Promise<boolean> {
  const bucket = new Map(subject.objects);
  const before = new Map(bucket);
  const touched = changes.flatMap(({ apply }) => apply(bucket));
  await engine.buckets.put(bucketName, bucket);
  const { operation_id: scan } = await engine.call('startScan', { bucket_name: bucketName });
  await engine.operationEnded(scan);
  const item: BackupSync = { ...subject.item, bucket_name: bucketName };
  const [log] = await engine.sync([item]);
  const isRecorded = log?.status === 'success';
  const isProved = isRecorded && (await verified(engine, item.backup_id));
  if (isRecorded) await engine.call('deleteBackup', { backup_id: item.backup_id });
  if (engine.faults.length > 0) throw new Error(`the engine reported ${String(engine.faults.splice(0))}`);
  const broken = brokenData(subject, { before, after: bucket, touched });
  if (isProved && broken.length > 0) throw new Error(`${broken.join(' and ')} changed, and the backup was proved`);
  return isProved;
}

async function verified(engine: TestEngine, backupId: string): Promise<boolean> {
  const { operation_id: id } = await engine.call('verifyBackup', { backup_id: backupId, level: 'replay' });
  return (await engine.operationEnded(id)).status === 'success';
}
