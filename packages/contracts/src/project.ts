import { z } from 'zod';
import { bucketGrant } from './bucket-grant.ts';
import { projectId, text, wireTime } from './fields.ts';

export const project = z.object({ id: z.string(), name: z.string(), created_at: wireTime }).meta({ id: 'Project' });
export type Project = z.infer<typeof project>;

export const createProjectInput = z.object({
  project_id: projectId,
  name: text(1, 64).meta({ description: 'Unique in the installation.' }),
});

export const createProjectAnswer = z.object({
  project,
  made_explicit: z.array(bucketGrant).meta({
    description:
      'With a second project no project has every bucket any more: the buckets that the first one had in use, granted to it by name.',
  }),
});

export const listProjectsInput = z.object({ project_id: projectId });
export const listProjectsAnswer = z.object({ projects: z.array(project) });
