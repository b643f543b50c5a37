import { z } from 'zod';
import { madeId, projectId, wireTime } from './fields.ts';
import { targetProjectId, userName } from './user.ts';

/** A key that signs requests as one user in one project, with the user's current role there. */
export const accessKey = z
  .object({
    access_key: z.string(),
    user_name: z.string(),
    project_id: z.string(),
    created_at: wireTime,
    disabled_at: wireTime.nullable(),
  })
  .meta({ id: 'AccessKey' });
export type AccessKey = z.infer<typeof accessKey>;

export const createAccessKeyInput = z.object({
  project_id: projectId,
  user_name: userName,
  target_project_id: targetProjectId,
});
export const createAccessKeyAnswer = z.object({
  access_key: accessKey,
  secret_key: z
    .string()
    .meta({ description: 'Secret of the key. Only this answer contains it; it cannot be read again.' }),
});

export const listAccessKeysInput = z.object({ project_id: projectId });
export const listAccessKeysAnswer = z.object({ access_keys: z.array(accessKey) });

export const disableAccessKeyInput = z.object({
  project_id: projectId,
  access_key: madeId,
});
export const disableAccessKeyAnswer = z.object({ access_key: accessKey });
