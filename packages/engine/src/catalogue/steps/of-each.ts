import { type Expression, type Kysely, sql } from 'kysely';
import type { ResourceStanding } from '../backup-records.ts';
import type { Schema } from '../schema.ts';

/** Runs a query for each resource, all in one statement, and returns the rows by resource. */
export async function ofEach<
  Resource extends Pick<ResourceStanding, 'resourceId'>,
  Row extends { resource_id: string },
>(
  database: Kysely<Schema>,
  resources: readonly Resource[],
  queryOf: (resource: Resource) => Expression<Row>,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  if (resources.length === 0) return new Map();
  // A part of a union has no order or limit, so each is a subquery.
  const each = resources.map((resource) => sql`select * from ${queryOf(resource)} as each`);
  const { rows } = await sql<Row>`${sql.join(each, sql` union all `)}`.execute(database);
  const byResource = new Map<string, Row[]>();
  for (const row of rows) {
    const known = byResource.get(row.resource_id) ?? [];
    byResource.set(row.resource_id, known);
    known.push(row);
  }
  return byResource;
}
