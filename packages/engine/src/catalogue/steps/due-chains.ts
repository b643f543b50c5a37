import { type Kysely, sql } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';
import type { ChainKey, DueChain } from '../operation-records.ts';
import { type ChainColumns, chainColumns, chainOfRow, laneOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/**
 * Selects, for each chain with unfinished imports, the highest lane and the earliest time at which one of them can be
 * started. 0 means now. Imports that wait for another backup have no time.
 */
function standingOfChains(database: Kysely<Schema>) {
  return unfinishedImports(database)
    .select(chainColumns)
    .select(({ fn }) => fn.max('interactive_for').as('interactive_for'))
    .select(
      sql<number | null>`min(case when waits_for_backup_id is null then coalesce(not_before_ms, 0) end)`.as('earliest'),
    )
    .groupBy(chainColumns);
}

type Standing = ChainColumns & { readonly interactive_for: string | null; readonly earliest: number | null };

function toDue(row: Standing): readonly DueChain[] {
  const chain = chainOfRow(row);
  if (chain === null) return [];
  return [{ kind: 'chain', chain, lane: laneOf(row), notBeforeMs: row.earliest === 0 ? null : row.earliest }];
}

/** Returns every chain with unfinished imports. */
export async function allDueChains(database: Kysely<Schema>): Promise<readonly DueChain[]> {
  return (await standingOfChains(database).execute()).flatMap(toDue);
}

/** Returns the chains of these operations, each once, without those that have no unfinished imports. */
export async function dueChains(database: Kysely<Schema>, rows: readonly ChainColumns[]): Promise<readonly DueChain[]> {
  const once = new Map(
    rows.flatMap((row) => {
      const chain = chainOfRow(row);
      return chain === null ? [] : [[JSON.stringify(Object.values(chain)), chain] as const];
    }),
  );
  const due: DueChain[] = [];
  for (const chain of once.values()) {
    due.push(...(await standingOfChain.all(database, { chain })).flatMap(toDue));
  }
  return due;
}

function ofChain(database: Kysely<Schema>, chain: ChainKey) {
  return standingOfChains(database)
    .where('project_id', '=', chain.projectId)
    .where('storage_unit_id', '=', chain.storageUnitId)
    .where('bucket_name', '=', chain.bucketName)
    .where('chain_root', '=', chain.chainRoot);
}

const standingOfChain = fixedQuery((database, { chain }: { chain: ChainKey }) => ofChain(database, chain));

const retriesOfChain = fixedQuery((database, { chain }: { chain: ChainKey }) =>
  ofChain(database, chain).where('not_before_ms', 'is not', null),
);

/** Returns a chain with the time of its next attempt; null if none of its imports waits for one. */
export const retryOfChain = oneQuery({
  query: retriesOfChain,
  values: (_, chain: ChainKey) => ({ chain }),
  answer: (rows): DueChain | null => rows.flatMap(toDue)[0] ?? null,
});
