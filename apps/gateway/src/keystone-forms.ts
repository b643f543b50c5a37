import type { IssueTokenAnswer, KeystoneProject, KeystoneVersion } from '@backup-sync/contracts';
import type { IssuedToken } from '@backup-sync/engine';

/** The one domain there is. */
export const domain = { id: 'default', name: 'Default' };

/** The one region there is. */
export const region = 'local';

/** The identity API that this is, as Keystone describes its own. */
export function versionForm(address: string): KeystoneVersion {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${address}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

export function projectForm(address: string, project: { readonly id: string; readonly name: string }): KeystoneProject {
  return {
    id: project.id,
    name: project.name,
    description: '',
    domain_id: domain.id,
    parent_id: domain.id,
    enabled: true,
    is_domain: false,
    options: {},
    tags: [],
    links: { self: `${address}/v3/projects/${project.id}` },
  };
}

/** What a token says of itself, with where the services are unless that is not wanted. */
export function tokenForm(
  address: string | null,
  { caller, expiresAtMs, issuedAtMs, project }: IssuedToken,
): IssueTokenAnswer {
  return {
    token: {
      methods: ['password'],
      issued_at: tokenTime(issuedAtMs),
      expires_at: tokenTime(expiresAtMs),
      project: { ...project, domain },
      is_domain: false,
      roles: [{ id: caller.role, name: caller.role }],
      user: { id: caller.name, name: caller.name, domain },
      ...(address !== null && {
        catalog: [
          service('identity', 'keystone', `${address}/v3`),
          service('cbr', 'cbr', `${address}/v3/${project.id}`),
        ],
      }),
    },
  };
}

function service(type: string, name: string, url: string) {
  return {
    id: type,
    type,
    name,
    endpoints: [{ id: `${type}-public`, interface: 'public', region, region_id: region, url }],
  };
}

/** `2026-11-23T13:59:42.000000Z` */
function tokenTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
