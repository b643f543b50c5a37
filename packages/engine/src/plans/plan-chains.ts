import type { BackupSync, PlannedItem } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import type { ChainKey } from '../catalogue/operation-records.ts';
import { Absences } from '../chain/absences.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { PackageMemory } from '../chain/package-memory.ts';
import type { Location, UnreadHashes } from '../chain/proof/link.ts';
import { ancestorIdsOf, ChainLook, type ChainLookOptions, type Seen } from '../imports/chain-look.ts';
import { decideSync } from '../imports/decide-sync.ts';
import { parentsFirst } from '../imports/parents-first.ts';
import { largeJobsAtOnce } from '../queue/chains-at-once.ts';
import type { PlanServices } from '../services.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import { costOfHashes, sumRequests } from './forecast.ts';
import { planItem } from './plan-item.ts';

export type PlannedChain = {
  readonly items: readonly PlannedItem[];
  readonly requests: RequestCount;
  readonly bucketName: string;
  /** The requests of a sync of these items. */
  readonly cost: RequestCount;
};

/** When to stop looking at chains: see {@link ChainLookOptions}. */
export type PlanEnds = Pick<ChainLookOptions, 'stopping' | 'deadline'>;

/** The project whose items are planned. `isRequest`: a caller named them, not a scan. */
export type PlanOrigin = { readonly projectId: string; readonly isRequest: boolean };

/**
 * Examines the chains of these items as a sync does, without block hashes, and plans what a sync would do with each
 * item. No id may occur twice. Changes nothing. Throws the reason of `stopping`, and faults of this program.
 */
export async function planChains(
  services: PlanServices,
  origin: PlanOrigin,
  items: readonly BackupSync[],
  ends: PlanEnds,
): Promise<readonly PlannedChain[]> {
  const limit = pLimit(Math.min(services.work.chainsAtOnce, largeJobsAtOnce));
  const planned = new Map(items.map((item) => [item.backup_id, locationOf(services.work.storage.id, item)]));
  const packages = { memory: new PackageMemory(() => 0), notBeforeMs: () => 0 };
  const shared = { ...ends, planned, absences: new Absences(), packages };
  return await Promise.all(
    byChain(services, origin.projectId, items).map((chain) =>
      limit(() => planChain(services, { ...chain, isRequest: origin.isRequest }, shared)),
    ),
  );
}

async function planChain(
  services: PlanServices,
  { chain, items, isRequest }: ChainOfPlan & { readonly isRequest: boolean },
  shared: PlanEnds & Pick<ChainLookOptions, 'planned' | 'absences' | 'packages'>,
): Promise<PlannedChain> {
  const look = new ChainLook(services, {
    chain,
    storage: services.work.storage,
    imagePaths: items.map((item) => item.image_path),
    backupIds: items.map((item) => item.backup_id),
    readHashes: false,
    proofsNotBeforeMs: 0,
    ...shared,
    onFault: (_, error) => {
      throw error;
    },
  });
  const sightings = parentsFirst(items, {
    idOf: (item) => item.backup_id,
    look: (item) => look.look(item),
    ancestorIdsOf,
  });
  const planned: PlannedItem[] = [];
  const requests: RequestCount[] = [];
  const unread: UnreadHashes[] = [];
  for await (const { item, seen } of sightings) {
    requests.push(seen.requests);
    if (seen.kind === 'seen') unread.push(...seen.examination.unreadHashes);
    const links = new Set([item.backup_id, ...ancestorIdsOf(seen)]);
    const hashesUnread = unread.some(({ backupId }) => links.has(backupId));
    const withProofs = look.withProofs(item, seen);
    planned.push(await decide(services, { ...chain, isRequest }, item, withProofs, hashesUnread));
  }
  const spent = sumRequests(requests);
  return {
    items: planned,
    requests: spent,
    bucketName: chain.bucketName,
    cost: sumRequests([spent, costOfHashes(unread)]),
  };
}

async function decide(
  { catalogue, world: { clock } }: PlanServices,
  { projectId, storageUnitId, isRequest }: ChainKey & { readonly isRequest: boolean },
  item: BackupSync,
  seen: Seen,
  hashesUnread: boolean,
): Promise<PlannedItem> {
  const location = locationOf(storageUnitId, item);
  const current = await catalogue.backups.showBackup(projectId, item.backup_id);
  const decision = decideSync({ item, projectId, location, current, isRequest, nowMs: clock.nowMs() }, seen);
  return planItem(item, seen, current, decision, hashesUnread);
}

function locationOf(storageUnitId: string, item: BackupSync): Location {
  return { storageUnitId, bucketName: item.bucket_name, imagePath: item.image_path };
}

type ChainOfPlan = { readonly chain: ChainKey; readonly items: BackupSync[] };

/** Groups the items by chain, as the jobs of a sync do. */
function byChain(services: PlanServices, projectId: string, items: readonly BackupSync[]): readonly ChainOfPlan[] {
  const chains = new Map<string, ChainOfPlan>();
  for (const item of items) {
    const chainRoot = chainRootOf(item.image_path);
    const name = JSON.stringify([item.bucket_name, chainRoot]);
    const known = chains.get(name);
    if (known !== undefined) known.items.push(item);
    else {
      const chain = { projectId, storageUnitId: services.work.storage.id, bucketName: item.bucket_name, chainRoot };
      chains.set(name, { chain, items: [item] });
    }
  }
  return [...chains.values()];
}
