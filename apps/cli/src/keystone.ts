import { type Role, role } from '@backup-sync/contracts';
import type { KeystoneOptions } from '@backup-sync/engine';
import type { Environment } from './environment.ts';
import { UsageError } from './failure.ts';
import { readNetwork } from './network.ts';
import { readSecretVariable } from './secret-variable.ts';

const defaultRoles = 'admin=administrator,member=operator,reader=reader';
const defaultDomain = 'Default';

/** Reads the Keystone service that the environment names; undefined if it names none. Throws {@link UsageError}. */
export function readKeystone(environment: Environment): KeystoneOptions | undefined {
  const { BACKUP_SYNC_IDENTITY: identity } = environment;
  if (identity === undefined || identity === 'embedded') return undefined;
  const { BACKUP_SYNC_KEYSTONE_USER: user, BACKUP_SYNC_KEYSTONE_PROJECT: project } = environment;
  const password = readSecretVariable(environment, 'BACKUP_SYNC_KEYSTONE_PASSWORD')?.reveal();
  if (user === undefined || project === undefined || password === undefined) {
    throw new UsageError(
      'BACKUP_SYNC_IDENTITY needs the account of this service in Keystone: set BACKUP_SYNC_KEYSTONE_USER, ' +
        'BACKUP_SYNC_KEYSTONE_PASSWORD (or BACKUP_SYNC_KEYSTONE_PASSWORD_FILE) and BACKUP_SYNC_KEYSTONE_PROJECT',
    );
  }
  return {
    url: readUrl(identity),
    user,
    password,
    userDomain: environment.BACKUP_SYNC_KEYSTONE_USER_DOMAIN ?? defaultDomain,
    project,
    projectDomain: environment.BACKUP_SYNC_KEYSTONE_PROJECT_DOMAIN ?? defaultDomain,
    proxies: readNetwork(environment).proxies,
    roles: readRoles(environment.BACKUP_SYNC_KEYSTONE_ROLES ?? defaultRoles),
  };
}

/** `keystone:https://iam.example.com`, with or without its `/v3`. */
function readUrl(identity: string): string {
  const url = URL.parse(/^keystone:(.+)$/.exec(identity)?.[1] ?? '');
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError('BACKUP_SYNC_IDENTITY must be "embedded", or "keystone:" and an http or https address');
  }
  const address = url.href.replace(/\/+$/, '');
  return address.endsWith('/v3') ? address : `${address}/v3`;
}

function readRoles(text: string): ReadonlyMap<string, Role> {
  return new Map(
    text.split(',').map((pair) => {
      const [, name, wanted] = /^\s*([^=]+?)\s*=\s*(\w+)\s*$/.exec(pair) ?? [];
      const known = role.safeParse(wanted);
      if (name === undefined || !known.success) {
        throw new UsageError(
          `BACKUP_SYNC_KEYSTONE_ROLES must be pairs such as "${defaultRoles}", not ${JSON.stringify(pair)}`,
        );
      }
      return [name, known.data] as const;
    }),
  );
}
