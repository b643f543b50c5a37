import { listSealedSecrets, seekSigner } from '../identity-steps/access-keys.ts';
import { addFirstAdministrator, begin, findOldestProject, hasUsers } from '../identity-steps/begin.ts';
import { findProject } from '../identity-steps/projects.ts';
import { findRole } from '../identity-steps/roles.ts';
import { findToken, removeToken, saveToken } from '../identity-steps/tokens.ts';
import { findUser } from '../identity-steps/users.ts';
import { auditedStep, type Step } from './step.ts';

/** What the embedded identity asks when someone comes in. */
export const identitySteps = {
  /**
   * Makes the first project, with a grant of every bucket, where there is none; it answers which project is the oldest.
   */
  begin: { access: 'write', run: begin },
  /** Null before `begin`. */
  findOldestProject: { access: 'read', run: findOldestProject },
  /** Makes the user administrator of the project where there is no user at all yet; it tells whether it did. */
  addFirstAdministrator: auditedStep(addFirstAdministrator, { isDone: (isAdded) => isAdded }),
  /** Whether there is any user. */
  hasUsers: { access: 'read', run: hasUsers },
  /** The user of this name; null if there is none. */
  findUser: { access: 'read', run: findUser },
  /** The project of this id or name; null if there is none. */
  findProject: { access: 'read', run: findProject },
  /** The role of a user in a project; null if there is none. */
  findRole: { access: 'read', run: findRole },
  /**
   * Sweeps out tokens that had ended when this one was issued. It keeps nothing and answers false where the ground is
   * gone by now: the user disabled, password or role another, the token before it ended.
   */
  saveToken: auditedStep(saveToken, { isDone: (isSaved) => isSaved }),
  /** Null for a token that is unknown or had ended at `nowMs`: by the same way, and as fast. */
  findToken: { access: 'read', run: findToken },
  /** Removes a token, if it is there. */
  removeToken: auditedStep(removeToken, { isDone: () => true }),
  /**
   * What `signerOf` makes a signer of, in the same form for every access key, known or not, so that the answer takes
   * the same time.
   */
  seekSigner: { access: 'read', run: seekSigner },
  /** The secrets of the access keys that are not disabled, whoever has them. */
  listSealedSecrets: { access: 'read', run: listSealedSecrets },
} as const satisfies Record<string, Step>;
