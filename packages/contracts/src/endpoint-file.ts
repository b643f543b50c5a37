import { z } from 'zod';
import { projectId } from './fields.ts';

/** Name of the file in a data directory with which local commands find the server that uses the directory. */
export const endpointFileName = 'endpoint.json';

/** Content of the endpoint file. Only its owner can read the file. */
export const endpointFile = z.object({
  endpoint: z.url(),
  project_id: projectId,
  token: z.string().min(1),
  /** Process id of the server, so that a file left behind by another process is not trusted. */
  pid: z.int(),
});
export type EndpointFile = z.infer<typeof endpointFile>;
