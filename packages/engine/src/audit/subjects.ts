import type { AuditSubject } from '../catalogue/audit-records.ts';

/** Fields that name what a call is about. No other field is written to the audit, so no secret can be. */
const subjectFields = [
  'backup_id',
  'operation_id',
  'operation_log_id',
  'source_id',
  'hook_id',
  'delivery_id',
  'resource_id',
  'vault_id',
  'user_name',
  'name',
  'role',
  'target_project_id',
  'bucket_name',
  'prefix',
  'access_key',
] as const;

/** Maximum number of subjects of a request that was refused before it was checked: its input may be anything. */
const uncheckedMax = 8;
const uncheckedCharactersMax = 255;

/** The ids and names in the checked input of a call, in the order of the fields above. */
export function subjectsOf(fields: unknown): readonly AuditSubject[] {
  const subjects: AuditSubject[] = [...namedIn(fields)];
  subjects.push(...namedIn({ name: fieldOf(fieldOf(fields, 'backup'), 'name') }));
  const sync = fieldOf(fields, 'sync');
  if (Array.isArray(sync)) {
    for (const item of sync) subjects.push(...namedIn({ backup_id: fieldOf(item, 'backup_id') }));
  } else subjects.push(...namedIn({ vault_id: fieldOf(sync, 'vault_id') }));
  return subjects;
}

/** The first ids and names that can be read in unchecked input, cut if they are too long. */
export function subjectsOfUnchecked(fields: unknown): readonly AuditSubject[] {
  const sync = fieldOf(fields, 'sync');
  const items = Array.isArray(sync) ? sync.slice(0, uncheckedMax) : sync;
  const subjects = subjectsOf(typeof fields === 'object' && fields !== null ? { ...fields, sync: items } : fields);
  return subjects
    .slice(0, uncheckedMax)
    .map(({ field, value }) => ({ field, value: value.slice(0, uncheckedCharactersMax) }));
}

function namedIn(fields: unknown): readonly AuditSubject[] {
  return subjectFields.flatMap((field) => {
    const value = fieldOf(fields, field);
    return typeof value === 'string' && value !== '' ? [{ field, value }] : [];
  });
}

function fieldOf(fields: unknown, field: string): unknown {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, field)) return undefined;
  return (fields as Readonly<Record<string, unknown>>)[field];
}
