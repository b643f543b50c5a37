import { listSealedSecrets, seekSigner } from '../identity-steps/access-keys.ts';
import { addFirstAdministrator, begin, findOldestProject, hasUsers } from '../identity-steps/begin.ts';
import { findProject, listProjectsOf } from '../identity-steps/projects.ts';
import { findRole } from '../identity-steps/roles.ts';
import { findToken, removeToken, saveToken } from '../identity-steps/tokens.ts';
import { findUser } from '../identity-steps/users.ts';
import { auditedStep, type Step } from './step.ts';

/** The steps that the embedded identity uses to authenticate users, tokens and signed requests. */
export const identitySteps = {
  /**
   * Creates the first project, with a grant of every bucket, if there is no project yet. Returns the oldest project.
   */
  begin: { access: 'write', identity: 'changed', run: begin },
  /** Returns the oldest project; null before `begin`. */
  findOldestProject: { access: 'read', run: findOldestProject },
  /** Creates this user as administrator of the project if there is no user yet. Returns whether it did. */
  addFirstAdministrator: {
    ...auditedStep(addFirstAdministrator, { isDone: (isAdded) => isAdded }),
    identity: 'changed',
  },
  /** Returns whether there is any user. */
  hasUsers: { access: 'read', run: hasUsers },
  /** Returns the user with this name; null if there is none. */
  findUser: { access: 'read', run: findUser },
  /** Returns the project with this id or name; null if there is none. */
  findProject: { access: 'read', run: findProject },
  /** Returns the projects in which a user has a role, by name. */
  listProjectsOf: { access: 'read', run: listProjectsOf },
  /** Returns the role of a user in a project; null if there is none. */
  findRole: { access: 'read', run: findRole },
  /**
   * Stores a token, and deletes those that had expired when this one was issued. Stores nothing and returns false if
   * the condition for the token no longer holds: the user was disabled, the password or role was changed, or the token
   * before it ended.
   */
  saveToken: { ...auditedStep(saveToken, { isDone: (isSaved) => isSaved }), identity: 'relied on' },
  /**
   * Returns a token; null if it is unknown or had expired at `nowMs`. Both cases run the same code and take the same
   * time.
   */
  findToken: { access: 'read', run: findToken },
  /** Removes a token, if it exists. */
  removeToken: { ...auditedStep(removeToken, { isDone: () => true }), identity: 'changed' },
  /**
   * Returns the input for `signerOf`. It has the same form for every access key, known or not, so that the answer takes
   * the same time.
   */
  seekSigner: { access: 'read', run: seekSigner },
  /** Returns the sealed secrets of all hooks, and of all access keys that are not disabled. */
  listSealedSecrets: { access: 'read', run: listSealedSecrets },
} as const satisfies Record<string, Step>;
