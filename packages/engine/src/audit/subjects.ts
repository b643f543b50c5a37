import type { AuditSubject } from '../catalogue/audit-records.ts';

/** Fields that say what a call is about. What is not named here never comes into the audit: no secret can. */
const subjectFields = [
  'backup_id',
  'operation_id',
  'operation_log_id',
  'source_id',
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

/** Of a request that was refused before it was checked: anything may be there, and none of it need be true. */
const uncheckedMax = 8;
const uncheckedCharactersMax = 255;

/** The ids and names in the input of a call that was checked, in the order of the fields above. */
export function subjectsOf(fields: unknown): readonly AuditSubject[] {
  const subjects: AuditSubject[] = [...namedIn(fields)];
  subjects.push(...namedIn({ name: fieldOf(fieldOf(fields, 'backup'), 'name') }));
  const sync = fieldOf(fields, 'sync');
  if (Array.isArray(sync)) {
    for (const item of sync) subjects.push(...namedIn({ backup_id: fieldOf(item, 'backup_id') }));
  } else subjects.push(...namedIn({ vault_id: fieldOf(sync, 'vault_id') }));
  return subjects;
}

/** What can be read of input that was refused as it came: the first few ids and names, cut where they are too long. */
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
