import type { Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { NumberedFinding } from '../operation-records.ts';
import { parse } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

type Findings = readonly Pick<NumberedFinding, 'sequence' | 'finding'>[];

/** Adds findings of a scan or plan. */
export async function addFindings(
  database: Kysely<Schema>,
  id: string,
  epoch: number,
  findings: readonly NumberedFinding[],
): Promise<boolean> {
  const running = await differencesOf(database)
    .keepRows(
      database
        .selectFrom('operations')
        .where('id', '=', id)
        .where('status', '=', 'running')
        .where('epoch', '=', epoch)
        .select('id'),
    )
    .executeTakeFirst();
  if (running === undefined) return false;
  for (const some of chunks(findings)) {
    const rows = some.map(({ sequence, finding, problem = null }) => ({
      operation_id: id,
      sequence,
      finding: JSON.stringify(finding),
      problem_path: problem?.imagePath ?? null,
      problem_code: problem?.fault.code ?? null,
      problem_detail: problem?.fault.detail ?? null,
    }));
    await database.insertInto('scan_findings').values(rows).execute();
  }
  return true;
}

/** Returns a page of the findings of a scan or plan. */
export async function listFindings(
  database: Kysely<Schema>,
  id: string,
  after: number,
  limit: number,
): Promise<Findings> {
  const rows = await database
    .selectFrom('scan_findings')
    .where('operation_id', '=', id)
    .where('sequence', '>', after)
    .select(['sequence', 'finding'])
    .orderBy('sequence')
    .limit(limit)
    .execute();
  return rows.map(({ sequence, finding }) => ({ sequence, finding: parse(finding) }));
}
