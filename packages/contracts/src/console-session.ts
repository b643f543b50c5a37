import { z } from 'zod';
import { projectId, text } from './fields.ts';
import { role } from './identity.ts';

/** Path below which the web console and its session are served, without a closing slash. */
export const consolePath = '/console';

/** Header that a page of the console sends with every request other than GET. A page elsewhere cannot send it. */
export const consoleHeader = { name: 'X-Backup-Sync-Console', value: '1' } as const;

const password = z.string().max(4096).meta({ description: 'Password of the user.' });

/** Body of `POST /console/session`. */
export const signInRequest = z
  .object({
    user_name: text(1, 255).meta({ description: 'Name of the user.' }),
    password,
    project_name: text(1, 64)
      .optional()
      .meta({ description: 'Name of the project. By default one in which the user has a role.' }),
    domain_name: text(1, 64)
      .optional()
      .meta({ description: 'Name of the domain of the user and project: Default, unless Keystone has others.' }),
  })
  .meta({ id: 'SignInRequest' });
export type SignInRequest = z.infer<typeof signInRequest>;

/** Body of `PUT /console/session/project`. */
export const switchProjectRequest = z
  .object({
    project_id: projectId.meta({ description: 'Id of the project to switch to.' }),
    password: password.optional().meta({ description: 'Password of the user, after the refusal password_required.' }),
  })
  .meta({ id: 'SwitchProjectRequest' });
export type SwitchProjectRequest = z.infer<typeof switchProjectRequest>;

/** Who is signed in to the web console, where, and for how long. The cookie itself is not visible to the page. */
export const consoleSession = z
  .object({
    user_name: z.string().meta({ description: 'Name of the user.' }),
    role: role.meta({ description: 'Role of the user in the project.' }),
    project_id: z.string().meta({ description: 'Id of the project in which the session acts.' }),
    project_name: z.string().meta({ description: 'Name of this project.' }),
    expires_at: z.iso.datetime().meta({ description: 'When the session ends.' }),
    max_age_s: z
      .int()
      .nonnegative()
      .meta({ description: 'Seconds until the session ends, by the clock of the server.' }),
    identity: z.enum(['embedded', 'outside']).meta({
      description: 'Where users and projects are kept: embedded in this server, or an outside identity service.',
    }),
    server_version: z.string().meta({ description: 'Version of the server.' }),
  })
  .meta({ id: 'ConsoleSession' });
export type ConsoleSession = z.infer<typeof consoleSession>;

/** Answer of `POST` and `GET /console/session` and `PUT /console/session/project`. */
export const consoleSessionAnswer = z.object({ session: consoleSession }).meta({ id: 'ConsoleSessionAnswer' });
export type ConsoleSessionAnswer = z.infer<typeof consoleSessionAnswer>;

/** Answer of `GET /console/projects`: the projects in which the user has a role, by name. */
export const consoleProjectsAnswer = z
  .object({
    projects: z.array(
      z.object({
        id: z.string().meta({ description: 'Id of the project.' }),
        name: z.string().meta({ description: 'Name of the project.' }),
      }),
    ),
  })
  .meta({ id: 'ConsoleProjectsAnswer' });
export type ConsoleProjectsAnswer = z.infer<typeof consoleProjectsAnswer>;
