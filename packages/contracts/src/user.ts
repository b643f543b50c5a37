import { z } from 'zod';
import { createdAt, madeId, opaqueId, projectId, text, wireTime } from './fields.ts';
import { role } from './identity.ts';

/** Name of a user, unique in the installation. */
export const userName = opaqueId.meta({ description: 'Name of the user, unique in the installation.' });

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
  .refine((name) => name.trim() === name, 'begins or ends with a space')
  .meta({ description: 'Name of the user, unique in the installation, without invisible characters.' });

/** A new password. It is long enough to make guessing hopeless under the limits on attempts. */
export const newPassword = text(12, 1024).meta({ description: 'Password of at least 12 characters.' });

/** The name of a user, in an answer. */
export const shownUserName = z.string().meta({ description: 'Name of the user.' });

/** The project that an administrator's call is about. It need not be the project in which the call acts. */
export const targetProjectId = projectId.meta({
  description: 'Id of the project that the call is about. It need not be the project in which the call acts.',
});

export const user = z
  .object({
    id: madeId.meta({ description: 'Id of the user. Calls name users by their name instead.' }),
    name: shownUserName,
    created_at: createdAt,
    disabled_at: wireTime.nullable().meta({ description: 'When the user was disabled; null if the user may log in.' }),
    roles: z
      .array(
        z.object({
          project_id: z.string().meta({ description: 'Id of the project.' }),
          project_name: z.string().meta({ description: 'Name of the project.' }),
          role,
        }),
      )
      .meta({ description: 'Role of the user in each project in which the user has one.' }),
  })
  .meta({ id: 'User', description: 'A user of the installation.' });
export type User = z.infer<typeof user>;

export const userAnswer = z.object({ user }).meta({ id: 'UserAnswer' });

export const createUserInput = z.object({ project_id: projectId, name: newUserName, password: newPassword });

export const listUsersInput = z.object({ project_id: projectId });
export const listUsersAnswer = z
  .object({ users: z.array(user).meta({ description: 'All users, sorted by name.' }) })
  .meta({ id: 'ListUsersAnswer' });

/** Input of a call about one user. */
export const userInput = z.object({ project_id: projectId, user_name: userName });

export const setUserPasswordInput = userInput.extend({ password: newPassword });

export const grantRoleInput = userInput.extend({
  target_project_id: targetProjectId,
  role: role.meta({ description: 'Role to give. It replaces the role that the user has in the project.' }),
});

export const revokeRoleInput = userInput.extend({ target_project_id: targetProjectId });
