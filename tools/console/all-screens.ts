import type { Scene } from './scene.ts';

/** Paths of all screens below `/console/`, by name, with what a scene has on them. */
export function allScreens(scene: Scene): ReadonlyMap<string, string> {
  const { brokenResourceId, brokenBackupId, heldSourceId, failedOperationId } = scene;
  return new Map([
    ['overview', ''],
    ['resource', `resources/${brokenResourceId}?backup=${brokenBackupId}`],
    ['operations', 'operations'],
    ['operation', `operations/${failedOperationId}`],
    ['import', 'import'],
    ['sources', 'sources'],
    ['source', `sources/${heldSourceId}`],
    ...administrationScreens,
  ]);
}

const administrationScreens = [
  ['users', 'administration/users'],
  ['projects', 'administration/projects'],
  ['buckets', 'administration/buckets'],
  ['access-keys', 'administration/access-keys'],
  ['hooks', 'administration/hooks'],
  ['audit', 'administration/audit'],
  ['nodes', 'administration/nodes'],
] as const;

/** Screens that a server without any backup has. */
export const emptyScreens: ReadonlyMap<string, string> = new Map([
  ['overview', ''],
  ['operations', 'operations'],
  ['import', 'import'],
  ['sources', 'sources'],
  ...administrationScreens,
]);
