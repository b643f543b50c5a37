import type { BackupSync } from '../../packages/contracts/src/index.ts';
import type { WrittenBackup } from '../../packages/engine/src/testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';

/** Volumes of the bucket `daily`, each with a full backup and its increments. */
export const dailyVolumes = 400;
const increments = 4;
/** Backups in one call of a busy day. */
export const itemsOfCall = 50;

/** Generated with the same bytes in each process. */
export function writeDailyChain(volume: number): readonly WrittenBackup[] {
  const changes = Array.from({ length: increments }, (_, day) => [day % 8]);
  return writeSmallChain(`load-${volume}`, 8, changes);
}

/** The items of the calls of a busy day, which are repeated. */
export function dailyCalls(): readonly (readonly BackupSync[])[] {
  const items = Array.from({ length: dailyVolumes }, (_, volume) =>
    writeDailyChain(volume).map((backup) => syncItemOf(backup, 'daily')),
  ).flat();
  const calls: BackupSync[][] = [];
  for (let start = 0; start < items.length; start += itemsOfCall) calls.push(items.slice(start, start + itemsOfCall));
  return calls;
}
