import { z } from 'zod';
import { projectId, text } from './fields.ts';

/** Roles in ascending order: each includes the rights of those before it. */
export const roles = ['reader', 'operator', 'administrator'] as const;
export const role = z
  .enum(roles)
  .meta({ description: 'Role in the project: each includes the rights of those before it.' });
export type Role = z.infer<typeof role>;

/** Whether `role` includes the rights of `needed`. */
export function roleAllows(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

const domainName = { description: 'Name of the domain: Default, unless another identity service keeps the projects.' };
const domainId = { description: 'Id of the domain: default, unless another identity service keeps the projects.' };

const domain = z.union([z.object({ name: z.string().meta(domainName) }), z.object({ id: z.string().meta(domainId) })]);
const optionalDomain = domain
  .optional()
  .meta({ description: 'Domain: an object with its name or its id; the only one, if left out.' });

const identityMethods = ['password', 'token'] as const;

/** Credentials of a caller: a user name with its password, or an existing token. */
const identity = z
  .object({
    methods: z
      .array(z.enum(identityMethods, { error: 'must be password or token' }))
      .length(1, 'must name one method')
      .meta({ description: 'The kind of credentials: the field of the same name is required.' }),
    password: z
      .object({
        user: z
          .object({
            name: text(1, 255).meta({ description: 'Name of the user.' }),
            password: z.string().max(4096).meta({ description: 'Password of the user.' }),
            domain: optionalDomain,
          })
          .meta({ description: 'The user, by name.' }),
      })
      .optional()
      .meta({ description: 'Credentials of the method password.' }),
    token: z
      .object({ id: z.string().min(1).max(4096).meta({ description: 'The token itself.' }) })
      .optional()
      .meta({ description: 'Credentials of the method token: a valid token. The new one expires no later.' }),
  })
  .superRefine((value, context) => {
    const method = value.methods[0];
    if (method !== undefined && value[method] === undefined) {
      context.addIssue({ code: 'custom', path: [method], message: 'is required by the method' });
    }
  });

const idOfProject = { description: 'Id of the project.' };
const nameOfProject = { description: 'Name of the project.' };

/** Body of `POST /v3/auth/tokens`, scoped to a project by id or by name. */
export const issueTokenRequest = z
  .object({
    auth: z
      .object({
        identity: identity.meta({ description: 'Credentials of the caller.' }),
        scope: z
          .object({
            project: z
              .union(
                [
                  z.object({ id: projectId.meta(idOfProject) }),
                  z.object({ name: text(1, 64).meta(nameOfProject), domain: optionalDomain }),
                ],
                { error: 'must have an id or a name' },
              )
              .meta({
                description: 'Project of the token: an object with its id, or with its name and optionally its domain.',
              }),
          })
          .optional()
          .meta({
            description:
              'Scope of the token. By default the first project of the installation; for the method token, the project of that token.',
          }),
      })
      .meta({ description: 'Credentials and scope, as OpenStack Keystone names them.' }),
  })
  .meta({ id: 'IssueTokenRequest' });
export type IssueTokenRequest = z.infer<typeof issueTokenRequest>;

/** A time in a token. It ends in a zone letter, unlike the times of CBR. */
const tokenTime = z.string().meta({ example: '2026-11-23T13:59:42.000000Z' });

const domainOf = z
  .object({ id: z.string().meta(domainId), name: z.string().meta(domainName) })
  .meta({ description: 'Domain that it belongs to.' });

const endpoint = z.object({
  id: z.string().meta({ description: 'Id of the endpoint.' }),
  interface: z.string().meta({ description: 'Always public.', example: 'public' }),
  region: z.string().meta({ description: 'Name of the only region: local.' }),
  region_id: z.string().meta({ description: 'The same as region.' }),
  url: z.string().meta({ description: 'URL at the address that the caller uses.' }),
});

const service = z.object({
  id: z.string().meta({ description: 'Id of the service: the same as its type.' }),
  name: z.string().meta({ description: 'Name of the service: keystone or cbr.' }),
  type: z.string().meta({ description: 'Type of the service: identity or cbr.' }),
  endpoints: z.array(endpoint).meta({ description: 'Addresses of the service: always one.' }),
});
export type KeystoneService = z.infer<typeof service>;

/** Content of a token, in the answers that issue and validate it. */
export const issueTokenAnswer = z
  .object({
    token: z
      .object({
        methods: z.array(z.string()).meta({ description: 'Always password; for compatibility with Keystone.' }),
        issued_at: tokenTime.meta({ description: 'When the token was issued, with the zone letter Z.' }),
        expires_at: tokenTime.meta({ description: 'When the token expires, with the zone letter Z.' }),
        project: z
          .object({
            id: z.string().meta(idOfProject),
            name: z.string().meta(nameOfProject),
            domain: domainOf,
          })
          .meta({ description: 'Project in which the token acts.' }),
        // Not every cloud sends it.
        is_domain: z.boolean().optional().meta({ description: 'Always false: the token is for a project.' }),
        roles: z
          .array(
            z.object({
              id: z.string().meta({ description: 'The same as the name.' }),
              name: z.string().meta({ description: 'Name of the role: reader, operator or administrator.' }),
            }),
          )
          .meta({ description: 'Role of the user in the project: always one.' }),
        user: z
          .object({
            id: z.string().meta({ description: 'The same as the name.' }),
            name: z.string().meta({ description: 'Name of the user.' }),
            domain: domainOf,
          })
          .meta({ description: 'User whose token it is.' }),
        catalog: z
          .array(service)
          .optional()
          .meta({ description: 'Service catalogue: identity, and cbr for the project. Left out with ?nocatalog.' }),
      })
      .meta({ description: 'Description of the token, which itself is in the header X-Subject-Token.' }),
  })
  .meta({ id: 'IssueTokenAnswer' });
export type IssueTokenAnswer = z.infer<typeof issueTokenAnswer>;

const link = z.object({ rel: z.string(), href: z.string() });

export const keystoneVersion = z
  .object({
    id: z.string().meta({ description: 'Version of the identity API.' }),
    status: z.string().meta({ description: 'Always stable.' }),
    updated: z.string().meta({ description: 'When this version was published, with the zone letter Z.' }),
    links: z.array(link).meta({ description: 'Address of the identity API: rel is self, href the URL.' }),
    'media-types': z
      .array(z.object({ base: z.string(), type: z.string() }))
      .meta({ description: 'Media types of the API: base is the general type, type is the type of this version.' }),
  })
  .meta({ id: 'IdentityVersion', description: 'A version of the identity API, in the form of OpenStack Keystone.' });
export type KeystoneVersion = z.infer<typeof keystoneVersion>;

/** `GET /`, with status 300. */
export const versionsAnswer = z
  .object({
    versions: z
      .object({ values: z.array(keystoneVersion).meta({ description: 'Versions: always one.' }) })
      .meta({ description: 'Versions of the identity API.' }),
  })
  .meta({ id: 'IdentityVersionsAnswer' });
/** `GET /v3` */
export const versionAnswer = z.object({ version: keystoneVersion }).meta({ id: 'IdentityVersionAnswer' });

/** Fields of Keystone's projects and domains that have no meaning here. */
const keystoneFields = {
  description: z.string().meta({ description: 'Always empty; for compatibility with Keystone.' }),
  enabled: z.boolean().meta({ description: 'Always true; for compatibility with Keystone.' }),
  options: z.object({}).meta({ description: 'Always empty; for compatibility with Keystone.' }),
  tags: z.array(z.string()).meta({ description: 'Always empty; for compatibility with Keystone.' }),
  links: z.object({ self: z.string() }).meta({ description: 'URL of this item, as Keystone names it.' }),
};

export const keystoneProject = z
  .object({
    id: projectId.meta(idOfProject),
    name: z.string().meta(nameOfProject),
    description: keystoneFields.description,
    domain_id: z.string().meta(domainId),
    parent_id: z.string().meta({ description: 'The same as domain_id: projects have no parent project.' }),
    enabled: keystoneFields.enabled,
    is_domain: z.boolean().meta({ description: 'Always false; for compatibility with Keystone.' }),
    options: keystoneFields.options,
    tags: keystoneFields.tags,
    links: keystoneFields.links,
  })
  .meta({ id: 'IdentityProject', description: 'A project, in the form of OpenStack Keystone.' });
export type KeystoneProject = z.infer<typeof keystoneProject>;

const listLinks = z
  .object({ self: z.string(), next: z.string().nullable(), previous: z.string().nullable() })
  .meta({ description: 'URL of this list; next and previous are always null: there is one page.' });

/** `GET /v3/projects` and `GET /v3/auth/projects` */
export const projectsAnswer = z
  .object({
    projects: z
      .array(keystoneProject)
      .meta({ description: 'Project of the credentials; empty if another name was asked for.' }),
    links: listLinks,
  })
  .meta({ id: 'IdentityProjectsAnswer' });

export const keystoneDomain = z
  .object({
    id: z.string().meta(domainId),
    name: z.string().meta(domainName),
    ...keystoneFields,
  })
  .meta({ id: 'IdentityDomain', description: 'A domain, in the form of OpenStack Keystone.' });
export type KeystoneDomain = z.infer<typeof keystoneDomain>;

/** `GET /v3/auth/domains` */
export const domainsAnswer = z
  .object({
    domains: z.array(keystoneDomain).meta({ description: 'Domain of the project of the credentials.' }),
    links: listLinks,
  })
  .meta({ id: 'IdentityDomainsAnswer' });
/** `GET /v3/auth/catalog` */
export const catalogAnswer = z
  .object({
    catalog: z.array(service).meta({ description: 'Services: identity, and cbr for the project.' }),
    links: z.object({ self: z.string() }).meta({ description: 'URL of this list.' }),
  })
  .meta({ id: 'IdentityCatalogAnswer' });
