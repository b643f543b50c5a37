import { z } from 'zod';
import { madeId, opaqueId, projectId, text, wireTime } from './fields.ts';
import { role } from './identity.ts';

/** By its name a user is known, in the whole installation. */
export const userName = opaqueId.meta({ description: 'Name of a user.' });

/**
 * Name of a user who is made: no other can look like it by what is not seen, or by another form of the same letters. Names
 * from before this rule go on being known by {@link userName}.
 */
const newUserName = userName
  .refine(
    (name) => name.normalize('NFKC') === name,
    'has characters in a form of their own; send them as NFKC has them',
  )
  .refine(
    (name) => !/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/u.test(name),
    'has control or formatting characters, or others that are not seen',
  )
  .refine((name) => name.trim() === name, 'begins or ends with a space');

/** Long enough that guessing is hopeless within the limits on guesses. */
export const newPassword = text(12, 1024).meta({ description: 'At least 12 characters.' });

/** The project that an administrator means, which need not be the one that the call acts in. */
export const targetProjectId = projectId.meta({ description: 'Project that is meant.' });

export const user = z
  .object({
    id: madeId,
    name: z.string(),
    created_at: wireTime,
    disabled_at: wireTime.nullable().meta({ description: 'Null while the user may come in.' }),
    roles: z.array(z.object({ project_id: z.string(), project_name: z.string(), role })),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof user>;

export const userAnswer = z.object({ user });

export const createUserInput = z.object({ project_id: projectId, name: newUserName, password: newPassword });

export const listUsersInput = z.object({ project_id: projectId });
export const listUsersAnswer = z.object({ users: z.array(user) });

/** Names one user. */
export const userInput = z.object({ project_id: projectId, user_name: userName });

export const setUserPasswordInput = userInput.extend({ password: newPassword });

/** Takes the place of the role that the user had there. */
export const grantRoleInput = userInput.extend({ target_project_id: targetProjectId, role });

export const revokeRoleInput = userInput.extend({ target_project_id: targetProjectId });
