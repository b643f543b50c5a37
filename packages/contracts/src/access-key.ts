import { z } from 'zod';
import { createdAt, madeId, projectId, wireTime } from './fields.ts';
import { shownUserName, targetProjectId, userName } from './user.ts';

export const accessKey = z
  .object({
    access_key: z.string().meta({ description: 'The key itself, which names it; it is not secret.' }),
    user_name: shownUserName,
    project_id: z.string().meta({ description: 'Id of the project in which the key acts.' }),
    created_at: createdAt,
    disabled_at: wireTime.nullable().meta({ description: 'When the key was disabled; null if it works.' }),
  })
  .meta({
    id: 'AccessKey',
    description: "A key that signs requests as one user in one project, with the user's current role there.",
  });
export type AccessKey = z.infer<typeof accessKey>;

export const createAccessKeyInput = z.object({
  project_id: projectId,
  user_name: userName,
  target_project_id: targetProjectId,
});
export const createAccessKeyAnswer = z
  .object({
    access_key: accessKey,
    secret_key: z
      .string()
      .meta({ description: 'Secret of the key. Only this answer contains it; it cannot be read again.' }),
  })
  .meta({ id: 'CreateAccessKeyAnswer' });

export const listAccessKeysInput = z.object({ project_id: projectId });
export const listAccessKeysAnswer = z
  .object({ access_keys: z.array(accessKey).meta({ description: 'All access keys, of every user and project.' }) })
  .meta({ id: 'ListAccessKeysAnswer' });

export const disableAccessKeyInput = z.object({
  project_id: projectId,
  access_key: madeId.meta({ description: 'The key to disable, permanently.' }),
});
export const disableAccessKeyAnswer = z.object({ access_key: accessKey }).meta({ id: 'DisableAccessKeyAnswer' });
