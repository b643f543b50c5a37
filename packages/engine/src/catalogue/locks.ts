import type { Kysely } from 'kysely';
import { differencesOf } from './differences.ts';
import { type Lock, type LockKind, lockOfProject } from './lock-kinds.ts';
import type { Schema } from './schema.ts';

/** A part of a project to lock. */
export type Part = readonly [kind: Exclude<LockKind, 'identity' | 'project'>, id: string];

/** Beyond this number of parts, the whole project is locked: a database has room for some thousand locks. */
const partsMax = 64;

/**
 * Locks parts of a project until the step ends. Where steps run one at a time, nothing is needed and `parts` is not
 * called: it may have to read what the step is about to change.
 *
 * Returns the parts, or null if nothing was needed.
 */
export async function lockParts(
  database: Kysely<Schema>,
  projectId: string,
  parts: () => readonly Part[] | Promise<readonly Part[]>,
): Promise<readonly Part[] | null> {
  const { takeLocks } = differencesOf(database);
  if (takeLocks === null) return null;
  const wanted = await parts();
  const locks =
    wanted.length > partsMax
      ? [lockOfProject(projectId, false)]
      : [lockOfProject(projectId, true), ...wanted.map((part) => lockOfPart(projectId, part))];
  await takeLocks(database, locks);
  return wanted;
}

/** Locks everything of these projects until the step ends. */
export async function lockProjects(
  database: Kysely<Schema>,
  projectIds: () => readonly string[] | Promise<readonly string[]>,
): Promise<void> {
  const { takeLocks } = differencesOf(database);
  if (takeLocks === null) return;
  const wanted = [...new Set(await projectIds())];
  await takeLocks(
    database,
    wanted.map((projectId) => lockOfProject(projectId, false)),
  );
}

/** Locks the identity until the step ends: other steps may rely on it at the same time, unless it is changed. */
export async function lockIdentity(database: Kysely<Schema>, use: 'relied on' | 'changed'): Promise<void> {
  const { takeLocks } = differencesOf(database);
  await takeLocks?.(database, [{ kind: 'identity', name: '', isShared: use === 'relied on', partOf: null }]);
}

function lockOfPart(projectId: string, [kind, id]: Part): Lock {
  return { kind, name: JSON.stringify([projectId, id]), isShared: false, partOf: projectId };
}
