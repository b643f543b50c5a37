import { type BackupSync, syncItemsMax } from '../../packages/contracts/src/index.ts';
import type { WrittenBackup } from '../../packages/engine/src/testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';

/** A full backup and two increments. */
const changes = [[0], [1]];
export const linksOfChain = changes.length + 1;

const bucketName = (bucket: number) => `slow-${bucket}`;

/** The chains of each bucket, generated with the same bytes in each process. Chains alternate between the buckets. */
export function* writeSlowChains(
  chains: number,
  buckets: number,
): Generator<{ readonly bucket: string; readonly backups: readonly WrittenBackup[] }> {
  for (let chain = 0; chain < chains; chain += 1) {
    yield { bucket: bucketName(chain % buckets), backups: writeSmallChain(`slow-${chain}`, 8, changes) };
  }
}

/** The bodies of the calls that sync these chains, and the number of stored objects. */
export function slowCalls(
  chains: number,
  buckets: number,
): { readonly calls: readonly string[]; readonly objects: number } {
  const calls: string[] = [];
  let objects = 0;
  let items: BackupSync[] = [];
  const send = () => {
    calls.push(JSON.stringify({ sync: items }));
    items = [];
  };
  for (const { bucket, backups } of writeSlowChains(chains, buckets)) {
    if (items.length + backups.length > syncItemsMax) send();
    for (const backup of backups) {
      items.push(syncItemOf(backup, bucket));
      objects += backup.objects.size;
    }
  }
  send();
  return { calls, objects };
}
