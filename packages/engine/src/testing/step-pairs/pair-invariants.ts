import type pg from 'pg';

/** Queries for rows that contradict each other. */
const contradictions: Readonly<Record<string, string>> = {
  'a count is not that of its rows': `
    with counted as (
      select project_id, case when kind = 'scan' and source_id is not null then 'source_run' else kind end as subject,
        status as part from operations
      union all select project_id, 'ended_' || case when kind = 'scan' and source_id is not null then 'source_run' else kind end,
        to_char(to_timestamp(ended_at_ms / 1000) at time zone 'UTC', 'YYYY-MM-DD') || ' ' || status
        from operations where ended_at_ms is not null
      union all select project_id, 'backup', status from backups where forgotten_at_ms is null
      union all select project_id, 'resource', source_id from resources
      union all select '', 'audit_event', '' from audit_events),
    both_ways as (
      select project_id, subject, part, total from row_counts
      union all select project_id, subject, part, -1 from counted)
    select project_id, subject, part, sum(total) from both_ways group by project_id, subject, part having sum(total) <> 0`,
  'a run waits for imports, but none is unfinished': `
    select id from operations as run where listed_at_ms is not null and ended_at_ms is null and not exists (
      select 1 from operations where kind = 'import' and ended_at_ms is null and (parent_operation_id = run.id
        or id in (select operation_id from joined_imports where run_id = run.id)))`,
  'an import waits for a backup that is not being imported': `
    select id from operations as waiting where waits_for_backup_id is not null and ended_at_ms is null and not exists (
      select 1 from operations where kind = 'import' and ended_at_ms is null
        and project_id = waiting.project_id and backup_id = waiting.waits_for_backup_id)`,
  'imports wait for each other': `
    with recursive way as (
      select project_id, backup_id as start, waits_for_backup_id as next from operations
        where waits_for_backup_id is not null and ended_at_ms is null
      union select way.project_id, way.start, operations.waits_for_backup_id from way
        join operations on operations.project_id = way.project_id and operations.backup_id = way.next
          and operations.waits_for_backup_id is not null and operations.ended_at_ms is null)
    select start from way where start = next`,
  'two imports of a backup run': `
    select backup_id from operations where kind = 'import' and status = 'running'
    group by project_id, backup_id having count(*) > 1`,
  'an operation has ended and has not': `
    select id from operations where (ended_at_ms is null) <> (status in ('waiting', 'running'))
      or (lease_owner is not null and status <> 'running')
      or (status = 'running' and listed_at_ms is null and lease_owner is null)`,
  'an operation has ended twice': `
    select operation_id from pending_events where status not in ('waiting', 'running')
    group by operation_id having count(*) > 1`,
  'no administrator is left': `
    select 1 where not exists (select 1 from role_assignments join users on users.id = user_id
      where role = 'administrator' and disabled_at_ms is null)`,
  'resources differ from the records': differ(
    'select project_id, source_id, resource_id, backups::bigint from resources',
    'select project_id, scope, resource_id, count(*) from scoped group by project_id, scope, resource_id',
  ),
  'a resource has another number of levels than its heads': `
    select resource_id from resources where proved_levels <> (
      select count(*) from resource_heads as head where taken_at_ms is not null and head.project_id = resources.project_id
        and head.source_id = resources.source_id and head.resource_id = resources.resource_id)`,
  'heads differ from the records': differ(
    'select project_id, source_id, resource_id, level, backups::bigint, backup_id from resource_heads',
    `select project_id, scope, resource_id, wanted, count(*), (array_agg(
        case when taken_at_ms <= updated_at_ms + 300000 then backup_id end
        order by (taken_at_ms <= updated_at_ms + 300000) desc, taken_at_ms desc, backup_id))[1]
      from scoped join levels as own on own.level = scoped.level
        join levels as other(place, wanted) on other.place <= own.place
      where status = 'available' group by project_id, scope, resource_id, wanted`,
  ),
};

/** Selects the rows that only one of two queries returns. The second reads the records in each scope. */
function differ(stored: string, read: string): string {
  return `with levels(place, level) as (values
      (0, 'presence'), (1, 'metadata'), (2, 'inventory'), (3, 'linkage'), (4, 'content'), (5, 'replay')),
    scoped as (
      select *, '' as scope from backups where forgotten_at_ms is null
      union all
      select backups.*, sources.id from backups
        join sources using (project_id, storage_unit_id, bucket_name)
        join source_members as member on member.source_id = sources.id
          and member.backup_id = backups.backup_id and member.image_path = backups.image_path
      where forgotten_at_ms is null),
    stored as (${stored}), found as (${read})
    (select * from stored except select * from found) union all (select * from found except select * from stored)`;
}

/** Returns what the catalogue contradicts itself in. */
export async function brokenInvariants(client: pg.Client): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [name, query] of Object.entries(contradictions)) {
    const { rows } = await client.query(query);
    if (rows.length > 0) broken.push(`${name}: ${JSON.stringify(rows)}`);
  }
  return broken;
}
