import { addAccessKey, disableAccessKey, listAccessKeys } from '../identity-steps/access-keys.ts';
import { addProject, listProjects } from '../identity-steps/projects.ts';
import { assignRole, withdrawRole } from '../identity-steps/roles.ts';
import {
  addUser,
  disableUser,
  enableUser,
  listUsers,
  removeUser,
  setPassword,
  showUser,
} from '../identity-steps/users.ts';
import type { Step } from './step.ts';

/**
 * Users, projects, roles and access keys, as administrators see to them. Names are unique; what is listed comes by
 * name, access keys by time.
 *
 * Nothing takes away the last administrator who may come in: `last_administrator`, and nothing is changed.
 */
export const directorySteps = {
  /** Adds a user, unless there is one of this name. */
  addUser: { access: 'write', run: addUser },
  /** All users, by name. */
  listUsers: { access: 'read', run: listUsers },
  /** The user of this name with the roles; null if there is none. */
  showUser: { access: 'read', run: showUser },
  /** Keeps a user from coming in, and ends the user's tokens in the same step. */
  disableUser: { access: 'write', run: disableUser },
  /** Lets a disabled user come in again. */
  enableUser: { access: 'write', run: enableUser },
  /** Gives a user another password, and ends the user's tokens in the same step. */
  setPassword: { access: 'write', run: setPassword },
  /** Removes a user with roles, tokens and access keys. */
  removeUser: { access: 'write', run: removeUser },
  /** Gives a user a role in a project. If it is another one, the tokens that it concerns end in the same step. */
  assignRole: { access: 'write', run: assignRole },
  /** Takes a user's role in a project away, and ends the tokens that it concerns in the same step. */
  withdrawRole: { access: 'write', run: withdrawRole },
  /** Adds a project, ends the grant of everything, and answers what it made of it (see `addGrant`). */
  addProject: { access: 'write', run: addProject },
  /** All projects, by name. */
  listProjects: { access: 'read', run: listProjects },
  /** Adds an access key. `role_not_found` where the user has no role in the project. */
  addAccessKey: { access: 'write', run: addAccessKey },
  /** All access keys, by time. */
  listAccessKeys: { access: 'read', run: listAccessKeys },
  /** Makes an access key open nothing any more; null if there is none. */
  disableAccessKey: { access: 'write', run: disableAccessKey },
} as const satisfies Record<string, Step>;
