import { z } from 'zod';
import { madeId, opaqueId, projectId, text, wireTime } from './fields.ts';
import { role } from './identity.ts';

/** Name of a user, unique in the installation. */
export const userName = opaqueId.meta({ description: 'Name of a user.' });

/**
 * Name of a new user. It cannot look like another name by invisible characters or other forms of the same letters.
 * Names that are older than this rule are still accepted by {@link userName}.
 */
const newUserName = userName
  .refine(
    (name) => name.normalize('NFKC') === name,
    'has characters in a compatibility form; send the name in NFKC form',
  )
  .refine(
    (name) => !/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/u.test(name),
    'has control, formatting or other invisible characters',
  )
  .refine((name) => name.trim() === name, 'begins or ends with a space');

/** A new password. It is long enough that guessing is hopeless under the limits on attempts. */
export const newPassword = text(12, 1024).meta({ description: 'Password of at least 12 characters.' });

/** The project that an administrator's call is about. It need not be the project in which the call acts. */
export const targetProjectId = projectId.meta({ description: 'Project that the call is about.' });

export const user = z
  .object({
    id: madeId,
    name: z.string(),
    created_at: wireTime,
    disabled_at: wireTime.nullable().meta({ description: 'When the user was disabled; null if the user may log in.' }),
    roles: z.array(z.object({ project_id: z.string(), project_name: z.string(), role })),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof user>;

export const userAnswer = z.object({ user });

export const createUserInput = z.object({ project_id: projectId, name: newUserName, password: newPassword });

export const listUsersInput = z.object({ project_id: projectId });
export const listUsersAnswer = z.object({ users: z.array(user) });

/** Input of a call about one user. */
export const userInput = z.object({ project_id: projectId, user_name: userName });

export const setUserPasswordInput = userInput.extend({ password: newPassword });

/** Input of a grant of a role. It replaces the role that the user has in the project. */
export const grantRoleInput = userInput.extend({ target_project_id: targetProjectId, role });

export const revokeRoleInput = userInput.extend({ target_project_id: targetProjectId });
