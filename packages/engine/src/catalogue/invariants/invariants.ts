import { verificationLevels } from '@backup-sync/contracts';
import { timeToleranceMs } from '../../clock.ts';

/** Something that is always true of a catalogue. */
export type Invariant = {
  /** What is wrong, as a plain sentence without a period. */
  readonly fault: string;
  /** Whether the database keeps this by itself as it writes rows, so that another database with the same rows has it right. */
  readonly isCounted?: boolean;
  /**
   * Selects the places where it is wrong, as texts in the column `place`. In the SQL of all databases, but for the day
   * of a time, which `dayOf` writes.
   */
  readonly places: (dayOf: (column: string) => string) => string;
};

const kind = `case when kind = 'scan' and source_id is not null then 'source_run' else kind end`;

/** Rows of two queries that are not the same: the second is subtracted from the first. */
function sumsDiffer(keys: readonly string[], stored: string, counted: string): string {
  return `select ${keys.join(" || ', ' || ")} as place from (${stored} union all ${counted}) as both_ways
    group by ${keys} having sum(number) <> 0`;
}

const levels = `levels(height, name) as (values ${verificationLevels.map((name, height) => `(${height}, '${name}')`)})`;

/** The records in each scope: '' for their project, and each source that has seen them. */
const scoped = `scoped as (
  select project_id, '' as scope, resource_id, backup_id, level, status, taken_at_ms, updated_at_ms
    from backups where forgotten_at_ms is null
  union all
  select backups.project_id, sources.id, resource_id, backups.backup_id, backups.level, status, taken_at_ms, backups.updated_at_ms
    from backups
    join source_members as member on member.backup_id = backups.backup_id and member.image_path = backups.image_path
    join sources on sources.id = member.source_id and sources.project_id = backups.project_id
      and sources.storage_unit_id = backups.storage_unit_id and sources.bucket_name = backups.bucket_name
    where forgotten_at_ms is null)`;

const mayLead = `taken_at_ms <= updated_at_ms + ${timeToleranceMs}`;

/** The heads that the records have. */
const foundHeads = `found as (
  select * from (
    select project_id, scope as source_id, resource_id, wanted.name as level,
      case when ${mayLead} then backup_id end as backup_id,
      count(*) over (partition by project_id, scope, resource_id, wanted.name) as backups,
      row_number() over (partition by project_id, scope, resource_id, wanted.name
        order by case when ${mayLead} then 0 else 1 end, taken_at_ms desc, backup_id) as rank
    from scoped join levels as own on own.name = scoped.level join levels as wanted on wanted.height <= own.height
    where status = 'available'
  ) as ranked where rank = 1)`;

const sameHead = `head.project_id = found.project_id and head.source_id = found.source_id
  and head.resource_id = found.resource_id and head.level = found.level`;

const ofOperations = (table: string, column: string): Invariant => ({
  fault: `A row of ${table} belongs to an operation that does not exist`,
  places: () => `select distinct 'operation ' || ${column} as place from ${table}
    where not exists (select 1 from operations where operations.id = ${table}.${column})`,
});

export const invariants: readonly Invariant[] = [
  {
    fault: 'A count is not the number of the rows that it counts',
    isCounted: true,
    places: (dayOf) =>
      sumsDiffer(
        ['subject', 'part', 'project_id'],
        'select subject, part, project_id, total as number from row_counts',
        `select ${kind}, status, project_id, -count(*) from operations group by 1, 2, 3
         union all select 'ended_' || ${kind}, ${dayOf('ended_at_ms')} || ' ' || status, project_id, -count(*)
           from operations where ended_at_ms is not null group by 1, 2, 3
         union all select 'backup', status, project_id, -count(*) from backups where forgotten_at_ms is null group by 1, 2, 3
         union all select 'resource', source_id, project_id, -count(*) from resources group by 1, 2, 3
         union all select 'audit_event', '', '', -count(*) from audit_events`,
      ),
  },
  {
    fault: 'A resource has another number of backups than there are records',
    places: () =>
      `with ${scoped} ${sumsDiffer(
        ['resource_id', 'source_id', 'project_id'],
        'select resource_id, source_id, project_id, backups as number from resources',
        'select resource_id, scope, project_id, -count(*) from scoped group by 1, 2, 3',
      )}`,
  },
  {
    fault: 'A resource has another number of proved levels than newest proved backups',
    places: () => `select resource_id || ', ' || source_id as place from resources where proved_levels <> (
      select count(*) from resource_heads as head where head.taken_at_ms is not null
        and head.project_id = resources.project_id and head.source_id = resources.source_id
        and head.resource_id = resources.resource_id)`,
  },
  {
    fault: 'The newest proved backup of a resource is not that of its records',
    places: () => `with ${levels}, ${scoped}, ${foundHeads}
      select found.resource_id || ', ' || found.level || ', ' || found.source_id as place
        from found left join resource_heads as head on ${sameHead}
        where head.project_id is null or head.backups <> found.backups
          or head.backup_id is distinct from found.backup_id
      union all
      select head.resource_id || ', ' || head.level || ', ' || head.source_id
        from resource_heads as head left join found on ${sameHead} where found.project_id is null`,
  },
  {
    fault: 'The last operation of a record does not exist',
    places: () => `select 'backup ' || backup_id as place from backups where forgotten_at_ms is null
      and not exists (select 1 from operations where operations.id = backups.last_operation_id)`,
  },
  {
    fault: 'The run that imported a record does not exist',
    places: () => `select 'backup ' || backup_id as place from backups
      where forgotten_at_ms is null and checkpoint_id is not null
      and not exists (select 1 from operations where operations.id = backups.checkpoint_id)`,
  },
  {
    fault: 'A record is proved, but no verification says so',
    places: () => `select 'backup ' || backup_id as place from backups
      where forgotten_at_ms is null and level is not null and not exists (select 1 from verifications as proof
        where proof.project_id = backups.project_id and proof.backup_id = backups.backup_id)`,
  },
  {
    fault: 'The newest run of a source does not exist',
    places: () => `select 'source ' || name as place from sources where last_run_id is not null
      and not exists (select 1 from operations where operations.id = sources.last_run_id)`,
  },
  ofOperations('scan_findings', 'operation_id'),
  ofOperations('verification_parts', 'operation_id'),
  ofOperations('joined_imports', 'operation_id'),
  {
    fault: 'An operation has ended and has not',
    places: () => `select 'operation ' || id as place from operations
      where (ended_at_ms is null) <> (status in ('waiting', 'running')) or (lease_owner is not null and status <> 'running')`,
  },
  {
    fault: 'A run waits for imports, but all have ended',
    places: () => `select 'operation ' || id as place from operations as run
      where listed_at_ms is not null and ended_at_ms is null and not exists (
        select 1 from operations where kind = 'import' and ended_at_ms is null and parent_operation_id = run.id)
      and not exists (
        select 1 from joined_imports join operations as joined on joined.id = joined_imports.operation_id
        where joined_imports.run_id = run.id and joined.ended_at_ms is null)`,
  },
  {
    fault: 'An import waits for a backup that is not being imported',
    places: () => `select 'operation ' || id as place from operations as waiting
      where waits_for_backup_id is not null and ended_at_ms is null and not exists (
        select 1 from operations where kind = 'import' and ended_at_ms is null
          and project_id = waiting.project_id and backup_id = waiting.waits_for_backup_id)`,
  },
  {
    fault: 'A role, key or token belongs to a user who does not exist',
    places: () => `select 'user ' || user_id as place from (
        select user_id from role_assignments union select user_id from access_keys
        union select user_id from tokens where user_id is not null) as named
      where not exists (select 1 from users where users.id = named.user_id)`,
  },
];
