import { z } from 'zod';
import { bucketGrant } from './bucket-grant.ts';
import { createdAt, projectId, text } from './fields.ts';

export const project = z
  .object({
    id: z.string().meta({ description: 'Id of the project.' }),
    name: z.string().meta({ description: 'Name of the project, unique in the installation.' }),
    created_at: createdAt,
  })
  .meta({ id: 'Project', description: 'The owner of records, operations, sources and grants.' });
export type Project = z.infer<typeof project>;

export const createProjectInput = z.object({
  project_id: projectId,
  name: text(1, 64).meta({ description: 'Name of the project, unique in the installation.' }),
});

export const createProjectAnswer = z
  .object({
    project: project.meta({ description: 'The new project.' }),
    made_explicit: z.array(bucketGrant).meta({
      description:
        'Grants of the buckets that the first project uses. A second project ends its access to every bucket, so they are granted to it by name.',
    }),
  })
  .meta({ id: 'CreateProjectAnswer' });

export const listProjectsInput = z.object({ project_id: projectId });
export const listProjectsAnswer = z
  .object({ projects: z.array(project).meta({ description: 'All projects, sorted by name.' }) })
  .meta({ id: 'ListProjectsAnswer' });
