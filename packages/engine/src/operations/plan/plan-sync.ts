import type { BackupSync, PlannedItem } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import type { ChainKey, RequestCount } from '../../catalogue/port.ts';
import { chainRootOf } from '../../chain/examiner.ts';
import type { Location, UnreadHashes } from '../../chain/link.ts';
import type { Verb } from '../../context.ts';
import type { Services } from '../../services.ts';
import { refuseUnboundBuckets } from '../backups/bound-buckets.ts';
import { ancestorIdsOf, ChainLook } from '../backups/chain-look.ts';
import { decideSync, type Seen } from '../backups/decide-sync.ts';
import { parentsFirst } from '../backups/parents-first.ts';
import { costOfHashes, forecastSync } from './forecast.ts';
import { planItem } from './plan-item.ts';

/** A caller waits for the answer: what cannot be looked at in this time says so. */
const timeMs = 10 * 60 * 1000;

type PlannedChain = {
  readonly items: readonly PlannedItem[];
  readonly requests: RequestCount;
  readonly bucketName: string;
  /** What a sync of them costs. */
  readonly cost: RequestCount;
};

/**
 * Says what a sync of these items would do and cost, from the listings and the metadata that are not proved yet: all
 * that a sync reads but the block hashes. Changes nothing: no operation, no record, no proof.
 */
export const planSync: Verb<'planSync'> = async (context, input) => {
  const { services } = context;
  const buckets = input.sync.map((item) => item.bucket_name);
  await refuseUnboundBuckets(services, input.project_id, buckets);
  const deadline = AbortSignal.timeout(timeMs);
  const limit = pLimit(services.chainsAtOnce);
  const planned = await Promise.all(
    byChain(services, input.project_id, input.sync).map(({ chain, items }) =>
      limit(() => planChain(services, chain, items, deadline)),
    ),
  );
  const byId = new Map(planned.flatMap(({ items }) => items).map((item) => [item.backup_id, item]));
  const costs = planned.map(({ bucketName, cost }) => ({ bucketName, ...cost }));
  const { lists, gets, bytesRead } = sum(planned.map(({ requests }) => requests));
  return {
    plan: input.sync.flatMap((item) => byId.get(item.backup_id) ?? []),
    forecast: forecastSync(costs, services.rateOf, services.chainsAtOnce),
    requests: { lists, gets, bytes_read: bytesRead },
  };
};

async function planChain(
  services: Services,
  chain: ChainKey,
  items: readonly BackupSync[],
  deadline: AbortSignal,
): Promise<PlannedChain> {
  const look = new ChainLook(services, {
    chain,
    imagePaths: items.map((item) => item.image_path),
    readHashes: false,
    proofsNotBeforeMs: 0,
    stopping: services.stopping,
    deadline: { signal: deadline, detail: `a plan looks for ${timeMs / 60_000} minutes at most` },
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
  for await (const { item, seen: sighting } of sightings) {
    requests.push(sighting.requests);
    if (sighting.seen.kind === 'seen') unread.push(...sighting.seen.examination.unreadHashes);
    const links = new Set([item.backup_id, ...ancestorIdsOf(sighting)]);
    const hashesUnread = unread.some(({ backupId }) => links.has(backupId));
    planned.push(await decide(services, chain, item, look.withProofs(item, sighting.seen), hashesUnread));
  }
  const spent = sum(requests);
  return { items: planned, requests: spent, bucketName: chain.bucketName, cost: sum([spent, costOfHashes(unread)]) };
}

async function decide(
  { catalogue }: Services,
  { projectId, storageUnitId }: ChainKey,
  item: BackupSync,
  seen: Seen,
  hashesUnread: boolean,
): Promise<PlannedItem> {
  const location: Location = { storageUnitId, bucketName: item.bucket_name, imagePath: item.image_path };
  const current = await catalogue.showBackup(projectId, item.backup_id);
  const decision = decideSync(item, projectId, location, current, seen);
  return planItem(item, seen, current, decision, hashesUnread);
}

/** The items of each chain, as the jobs of a sync have them. */
function byChain(services: Services, projectId: string, items: readonly BackupSync[]) {
  const chains = new Map<string, { readonly chain: ChainKey; readonly items: BackupSync[] }>();
  for (const item of items) {
    const chainRoot = chainRootOf(item.image_path);
    const name = JSON.stringify([item.bucket_name, chainRoot]);
    const known = chains.get(name);
    if (known !== undefined) known.items.push(item);
    else {
      const chain = { projectId, storageUnitId: services.storage.id, bucketName: item.bucket_name, chainRoot };
      chains.set(name, { chain, items: [item] });
    }
  }
  return [...chains.values()];
}

function sum(counts: readonly RequestCount[]): RequestCount {
  return {
    lists: counts.reduce((total, { lists }) => total + lists, 0),
    gets: counts.reduce((total, { gets }) => total + gets, 0),
    bytesRead: counts.reduce((total, { bytesRead }) => total + bytesRead, 0),
  };
}
