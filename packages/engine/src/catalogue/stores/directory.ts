import type { UserChange } from '../directory-records.ts';
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
import { auditedStep, type Step } from './step.ts';

const ofUser = { isDone: (change: UserChange) => change === 'done' };

/**
 * Users, projects, roles and access keys, as administrators see to them. Names are unique; what is listed comes by
 * name, access keys by time.
 *
 * Nothing takes away the last administrator who may come in: `last_administrator`, and nothing is changed.
 */
export const directorySteps = {
  /** Adds a user, unless there is one of this name. */
  addUser: auditedStep(addUser, { isDone: (added) => added === 'added' }),
  /** All users, by name. */
  listUsers: { access: 'read', run: listUsers },
  /** The user of this name with the roles; null if there is none. */
  showUser: { access: 'read', run: showUser },
  /** Keeps a user from coming in, and ends the user's tokens in the same step. */
  disableUser: auditedStep(disableUser, ofUser),
  /** Lets a disabled user come in again. */
  enableUser: auditedStep(enableUser, ofUser),
  /** Gives a user another password, and ends the user's tokens in the same step. */
  setPassword: auditedStep(setPassword, ofUser),
  /** Removes a user with roles, tokens and access keys. */
  removeUser: auditedStep(removeUser, ofUser),
  /** Gives a user a role in a project. If it is another one, the tokens that it concerns end in the same step. */
  assignRole: auditedStep(assignRole, ofUser),
  /** Takes a user's role in a project away, and ends the tokens that it concerns in the same step. */
  withdrawRole: auditedStep(withdrawRole, ofUser),
  /** Adds a project, ends the grant of everything, and answers what it made of it (see `addGrant`). */
  addProject: auditedStep(addProject, {
    isDone: (madeExplicit) => madeExplicit !== 'name_taken',
    made: (_, [{ id }]) => [{ field: 'target_project_id', value: id }],
  }),
  /** All projects, by name. */
  listProjects: { access: 'read', run: listProjects },
  /** Adds an access key. `role_not_found` where the user has no role in the project. */
  addAccessKey: auditedStep(addAccessKey, {
    isDone: (added) => added === 'added',
    made: (_, [{ accessKey }]) => [{ field: 'access_key', value: accessKey }],
  }),
  /** All access keys, by time. */
  listAccessKeys: { access: 'read', run: listAccessKeys },
  /** Makes an access key open nothing any more; null if there is none. */
  disableAccessKey: auditedStep(disableAccessKey, { isDone: (key) => key !== null }),
} as const satisfies Record<string, Step>;
