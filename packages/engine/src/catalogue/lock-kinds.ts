/**
 * What a step can keep other steps from changing meanwhile, in the order in which locks are taken:
 *
 * - `identity`: users, roles, projects, keys and grants.
 * - `project`: everything of a project. Shared by the steps that lock only parts of it.
 * - `source`: what a source has seen, and its runs.
 * - `backup`: the record of a backup, its imports, and what waits for it.
 * - `resource`: the newest backups of a resource.
 * - `run`: the end of a scan that waits for its imports.
 * - `waits`: which imports of a project wait for which backups.
 * - `request`: operations that do the same.
 */
export const lockKinds = [
  'identity',
  'project',
  'source',
  'backup',
  'resource',
  'run',
  'waits',
  'request',
] as const satisfies readonly string[];

export type LockKind = (typeof lockKinds)[number];

/** A lock of a step. Shared ones exclude only those that are not. */
export type Lock = {
  readonly kind: LockKind;
  readonly name: string;
  readonly isShared: boolean;
  /** The project of which it locks a part; null for other locks. */
  readonly partOf: string | null;
};

/** The lock of a project. Those who lock its parts share it. */
export function lockOfProject(projectId: string, isShared: boolean): Lock {
  return { kind: 'project', name: projectId, isShared, partOf: null };
}
