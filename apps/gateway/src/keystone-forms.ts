import type {
  IssueTokenAnswer,
  KeystoneDomain,
  KeystoneProject,
  KeystoneService,
  KeystoneVersion,
} from '@backup-sync/contracts';
import { type Domain, type IssuedToken, ownDomain, type ScopedProject } from '@backup-sync/engine';

/** Addresses of this server and of the service that issues its tokens. */
export type Addresses = {
  /** Address at which callers reach this server, without a closing slash. */
  readonly own: string;
  /** Address of the identity service with its version, without a closing slash. */
  readonly identity: string;
};

/** Name of the only region. */
export const region = 'local';

/** Describes the version of the identity API, as Keystone does. */
export function versionForm(address: string): KeystoneVersion {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${address}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

export function projectForm({ identity }: Addresses, { id, name, domain }: ScopedProject): KeystoneProject {
  return {
    id,
    name,
    description: '',
    domain_id: domain.id,
    parent_id: domain.id,
    enabled: true,
    is_domain: false,
    options: {},
    tags: [],
    links: { self: `${identity}/projects/${id}` },
  };
}

export function domainForm({ identity }: Addresses, { id, name }: Domain): KeystoneDomain {
  return {
    id,
    name,
    description: '',
    enabled: true,
    options: {},
    tags: [],
    links: { self: `${identity}/domains/${id}` },
  };
}

/** Returns the service catalogue for a token of a project. */
export function catalogForm({ own, identity }: Addresses, { id }: ScopedProject): KeystoneService[] {
  return [service('identity', 'keystone', identity), service('cbr', 'cbr', `${own}/v3/${id}`)];
}

/** Returns the description of a token. It includes the service catalogue unless `addresses` is null. */
export function tokenForm(
  addresses: Addresses | null,
  { caller, expiresAtMs, issuedAtMs, project }: IssuedToken,
): IssueTokenAnswer {
  return {
    token: {
      methods: ['password'],
      issued_at: tokenTime(issuedAtMs),
      expires_at: tokenTime(expiresAtMs),
      project,
      is_domain: false,
      roles: [{ id: caller.role, name: caller.role }],
      user: { id: caller.name, name: caller.name, domain: ownDomain },
      ...(addresses !== null && { catalog: catalogForm(addresses, project) }),
    },
  };
}

function service(type: string, name: string, url: string): KeystoneService {
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
