import { z } from 'zod';
import { projectId, wireTime } from './fields.ts';
import { role } from './identity.ts';

/** The caller, identified by the credentials of the call. */
export const caller = z
  .object({
    kind: z
      .enum(['user', 'system'])
      .meta({ description: '`system`: the operator of the machine on which the catalogue is stored.' }),
    name: z.string(),
    role,
    project_id: projectId,
    project_name: z.string().nullable().meta({ description: 'Null if another identity service keeps the projects.' }),
    expires_at: wireTime
      .nullable()
      .meta({ description: 'When the token expires; null for credentials that do not expire.' }),
  })
  .meta({ id: 'Caller' });

export const showCallerInput = z.object({ project_id: projectId });
export const showCallerAnswer = z.object({ caller }).meta({ id: 'ShowCallerAnswer' });
