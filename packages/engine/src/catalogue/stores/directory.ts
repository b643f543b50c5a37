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

/** Users, projects, roles and access keys, as administrators manage them. */
export const directorySteps = {
  /** Adds a user, or changes nothing and returns `name_taken` if there is one with this name. */
  addUser: { ...auditedStep(addUser, { isDone: (added) => added === 'added' }), identity: 'changed' },
  /** Returns all users with their roles, by name. */
  listUsers: { access: 'read', run: listUsers },
  /** Returns the user with this name and the user's roles; null if there is none. */
  showUser: { access: 'read', run: showUser },
  /**
   * Disables a user: the user cannot log in any more, and the user's tokens end in the same step. A second call changes
   * nothing and returns `done`. Refuses with `last_administrator` if nobody else could log in as administrator.
   */
  disableUser: { ...auditedStep(disableUser, ofUser), identity: 'changed' },
  /** Lets a disabled user log in again. Returns `done` even if the user was not disabled. */
  enableUser: { ...auditedStep(enableUser, ofUser), identity: 'changed' },
  /** Replaces a user's password, and ends the user's tokens in the same step. */
  setPassword: { ...auditedStep(setPassword, ofUser), identity: 'changed' },
  /**
   * Removes a user with all roles, tokens and access keys. Refuses with `last_administrator` if nobody else could log
   * in as administrator.
   */
  removeUser: { ...auditedStep(removeUser, ofUser), identity: 'changed' },
  /**
   * Gives a user a role in a project, instead of any other role there, and ends the user's tokens for that project in
   * the same step. Changes nothing if the user has this role already. Refuses with `last_administrator` if no
   * administrator who can log in would remain.
   */
  assignRole: { ...auditedStep(assignRole, ofUser), identity: 'changed' },
  /**
   * Removes a user's role in a project, and ends the user's tokens for that project in the same step. Refuses with
   * `last_administrator` if no administrator who can log in would remain.
   */
  withdrawRole: { ...auditedStep(withdrawRole, ofUser), identity: 'changed' },
  /**
   * Adds a project and ends the grant of everything. Returns the grants by name that replace it (see `addGrant`), or
   * `name_taken`.
   */
  addProject: {
    ...auditedStep(addProject, {
      isDone: (madeExplicit) => madeExplicit !== 'name_taken',
      made: (_, [{ id }]) => [{ field: 'target_project_id', value: id }],
    }),
    identity: 'changed',
  },
  /** Returns all projects, by name. */
  listProjects: { access: 'read', run: listProjects },
  /**
   * Adds an access key. Changes nothing and returns `user_not_found`, or `role_not_found` if the user has no role in
   * the project.
   */
  addAccessKey: {
    ...auditedStep(addAccessKey, {
      isDone: (added) => added === 'added',
      made: (_, [{ accessKey }]) => [{ field: 'access_key', value: accessKey }],
    }),
    identity: 'relied on',
  },
  /** Returns all access keys, oldest first. */
  listAccessKeys: { access: 'read', run: listAccessKeys },
  /** Disables an access key permanently; null if there is none. A second call keeps the first time. */
  disableAccessKey: { ...auditedStep(disableAccessKey, { isDone: (key) => key !== null }), identity: 'changed' },
} as const satisfies Record<string, Step>;
