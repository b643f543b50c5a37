import { z } from 'zod';
import { projectId, wireTime } from './fields.ts';
import { role } from './identity.ts';

export const callerKind = z.enum(['user', 'system']).meta({
  description: 'Kind of caller: user, or system for the owner of the data directory.',
});

export const caller = z
  .object({
    kind: callerKind,
    name: z.string().meta({ description: 'Name of the user; for system, of the user of the operating system.' }),
    role,
    project_id: projectId.meta({ description: 'Id of the project of the credentials, in which each call acts.' }),
    project_name: z
      .string()
      .nullable()
      .meta({ description: 'Name of that project; null if another identity service keeps the projects.' }),
    expires_at: wireTime
      .nullable()
      .meta({ description: 'When the token expires; null for credentials that do not expire.' }),
  })
  .meta({ id: 'Caller', description: 'The caller, identified by the credentials of the call.' });

export const showCallerInput = z.object({ project_id: projectId });
export const showCallerAnswer = z.object({ caller }).meta({ id: 'ShowCallerAnswer' });
