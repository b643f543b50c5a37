import type { Role, User } from '@backup-sync/contracts';
import { roleMeanings } from '../../words/administration.ts';

/** The roles; each may do everything that those before it may. */
export const rolesInOrder = Object.keys(roleMeanings) as Role[];

export type HeldRole = User['roles'][number];

/** The role that a user has in a project, if another one would allow less; undefined if it would not. */
export function loweredRole(held: readonly HeldRole[], projectId: string, given: Role): HeldRole | undefined {
  return held.find(
    ({ project_id, role }) => project_id === projectId && rolesInOrder.indexOf(given) < rolesInOrder.indexOf(role),
  );
}
