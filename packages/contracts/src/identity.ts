import { z } from 'zod';
import { projectId, text } from './fields.ts';

/** Roles in ascending order: each includes the rights of those before it. */
export const roles = ['reader', 'operator', 'administrator'] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

/** Whether `role` includes the rights of `needed`. */
export function roleAllows(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

const domain = z.union([z.object({ name: z.string() }), z.object({ id: z.string() })]);

const identityMethods = ['password', 'token'] as const;

/** Credentials of a caller: a user name with its password, or an existing token. */
const identity = z
  .object({
    methods: z.array(z.enum(identityMethods, { error: 'must be password or token' })).length(1, 'must name one method'),
    password: z
      .object({ user: z.object({ name: text(1, 255), password: z.string().max(4096), domain: domain.optional() }) })
      .optional(),
    token: z.object({ id: z.string().min(1).max(4096) }).optional(),
  })
  .superRefine((value, context) => {
    const method = value.methods[0];
    if (method !== undefined && value[method] === undefined) {
      context.addIssue({ code: 'custom', path: [method], message: 'is required by the method' });
    }
  });

/** Body of `POST /v3/auth/tokens`, scoped to a project by id or by name. */
export const issueTokenRequest = z
  .object({
    auth: z.object({
      identity,
      scope: z
        .object({
          project: z.union([z.object({ id: projectId }), z.object({ name: text(1, 64), domain: domain.optional() })], {
            error: 'must have an id or a name',
          }),
        })
        .optional(),
    }),
  })
  .meta({ id: 'IssueTokenRequest' });
export type IssueTokenRequest = z.infer<typeof issueTokenRequest>;

/** A time in a token. It ends in a zone letter, unlike the times of CBR. */
const tokenTime = z.string().meta({ example: '2026-11-23T13:59:42.000000Z' });

const named = z.object({ id: z.string(), name: z.string() });

const endpoint = z.object({
  id: z.string(),
  interface: z.string().meta({ example: 'public' }),
  region: z.string(),
  region_id: z.string(),
  url: z.string().meta({ description: 'URL at the address that the caller uses.' }),
});

const service = named.extend({ type: z.string(), endpoints: z.array(endpoint) });
export type KeystoneService = z.infer<typeof service>;

/** Content of a token, in the answers that issue and validate it. */
export const issueTokenAnswer = z
  .object({
    token: z.object({
      methods: z.array(z.string()),
      issued_at: tokenTime,
      expires_at: tokenTime,
      project: named.extend({ domain: named }),
      // Not every cloud sends it.
      is_domain: z.boolean().optional(),
      roles: z.array(named),
      user: named.extend({ domain: named }),
      catalog: z
        .array(service)
        .optional()
        .meta({ description: 'Service catalogue: identity, and cbr for the project. Left out with ?nocatalog.' }),
    }),
  })
  .meta({ id: 'IssueTokenAnswer' });
export type IssueTokenAnswer = z.infer<typeof issueTokenAnswer>;

const link = z.object({ rel: z.string(), href: z.string() });

export const keystoneVersion = z
  .object({
    id: z.string(),
    status: z.string(),
    updated: z.string(),
    links: z.array(link),
    'media-types': z.array(z.object({ base: z.string(), type: z.string() })),
  })
  .meta({ id: 'IdentityVersion' });
export type KeystoneVersion = z.infer<typeof keystoneVersion>;

/** `GET /`, with status 300. */
export const versionsAnswer = z.object({ versions: z.object({ values: z.array(keystoneVersion) }) });
/** `GET /v3` */
export const versionAnswer = z.object({ version: keystoneVersion });

export const keystoneProject = z
  .object({
    id: projectId,
    name: z.string(),
    description: z.string(),
    domain_id: z.string(),
    parent_id: z.string(),
    enabled: z.boolean(),
    is_domain: z.boolean(),
    options: z.object({}),
    tags: z.array(z.string()),
    links: z.object({ self: z.string() }),
  })
  .meta({ id: 'IdentityProject' });
export type KeystoneProject = z.infer<typeof keystoneProject>;

const listLinks = z.object({ self: z.string(), next: z.string().nullable(), previous: z.string().nullable() });

/** `GET /v3/projects` and `GET /v3/auth/projects` */
export const projectsAnswer = z.object({ projects: z.array(keystoneProject), links: listLinks });

export const keystoneDomain = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    enabled: z.boolean(),
    options: z.object({}),
    tags: z.array(z.string()),
    links: z.object({ self: z.string() }),
  })
  .meta({ id: 'IdentityDomain' });
export type KeystoneDomain = z.infer<typeof keystoneDomain>;

/** `GET /v3/auth/domains` */
export const domainsAnswer = z.object({ domains: z.array(keystoneDomain), links: listLinks });
/** `GET /v3/auth/catalog` */
export const catalogAnswer = z.object({ catalog: z.array(service), links: z.object({ self: z.string() }) });
