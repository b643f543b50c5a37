import { z } from 'zod';
import { projectId } from './fields.ts';

/** Name of the file in a data directory through which commands on this machine reach the server that holds it. */
export const endpointFileName = 'endpoint.json';

/** Its content, readable by the owner alone. */
export const endpointFile = z.object({
  endpoint: z.url(),
  project_id: projectId,
  token: z.string().min(1),
  /** Of the server: a file that another process left behind is not to be trusted. */
  pid: z.int(),
});
export type EndpointFile = z.infer<typeof endpointFile>;
