import { createHash } from 'node:crypto';
import {
  BackupSyncError,
  type ErrorCode,
  type KeystoneToken,
  keystoneToken,
  type Role,
  roles,
} from '@backup-sync/contracts';
import { LRUCache } from 'lru-cache';
import type { Caller } from '../../caller.ts';
import type { Clock } from '../../clock.ts';
import { onceAMinute } from '../once-a-minute.ts';
import { ownDomain, type ScopedProject } from '../port.ts';
import { tokenMaxLength } from '../token-length.ts';
import type { KeystoneOptions } from './keystone-options.ts';
import { askKeystone } from './keystone-request.ts';
import { ServiceToken } from './service-token.ts';

/** Time for which a valid token is cached. A token revoked at Keystone may still be accepted for this time. */
const keptMs = 5 * 60 * 1000;
const keptMax = 10_000;

/** Without this header, Keystone answers 404 for a token restricted by access rules. */
const understandsAccessRules = { 'OpenStack-Identity-Access-Rules': '1.0' };

/** A token that is valid at Keystone, with its caller here, or the reason why it gives no access. */
export type ValidToken = {
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** The user as Keystone describes it. */
  readonly user: KeystoneToken['token']['user'];
  /** The holder in the audit, whether or not the token gives access here. */
  readonly holder: Pick<Caller, 'kind' | 'name' | 'projectId'>;
} & (
  | { readonly opens: { readonly project: ScopedProject; readonly caller: Caller } }
  | { readonly opens: null; readonly refusal: { readonly code: ErrorCode; readonly message: string } }
);

/**
 * Validates tokens at Keystone. Caches valid ones for at most five minutes, under a hash. Sends one request for a
 * token, however many callers wait. Does not cache invalid ones.
 */
export class TokenValidation {
  readonly #options: KeystoneOptions;
  readonly #clock: Clock;
  readonly #service: ServiceToken;
  readonly #kept: LRUCache<string, ValidToken, string>;

  readonly #onFault: (error: unknown) => void;

  /** `onFault` is called at most once a minute for each reason why Keystone cannot be asked. */
  constructor(options: KeystoneOptions, clock: Clock, onFault: (error: unknown) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#onFault = onceAMinute(clock, onFault);
    this.#service = new ServiceToken(options, clock);
    this.#kept = new LRUCache({
      max: keptMax,
      ttl: keptMs,
      ttlResolution: 0,
      perf: { now: () => clock.monotonicMs() },
      // An entry evicted while its request runs is still returned to the waiting callers.
      ignoreFetchAbort: true,
      fetchMethod: (_key, _stale, { context }) => this.#askOrTell(context),
    });
  }

  /** Validates a token. Returns null if it is not valid. Throws `unavailable` if Keystone cannot be asked. */
  async validate(token: string): Promise<ValidToken | null> {
    if (token.length > tokenMaxLength) return null;
    const valid = await this.#kept.fetch(keyOf(token), { context: token });
    // Keystone says when a token ends, so this is compared with the wall clock.
    return valid === undefined || valid.expiresAtMs <= this.#clock.nowMs() ? null : valid;
  }

  /** Returns a project by id. Its name is known only while a token for it is cached; otherwise the name is the id. */
  projectNamed(id: string): ScopedProject {
    const seen = [...this.#kept.values()].find(({ opens }) => opens?.project.id === id);
    return seen?.opens?.project ?? { id, name: id, domain: ownDomain };
  }

  async #askOrTell(token: string): Promise<ValidToken | undefined> {
    try {
      return await this.#ask(token);
    } catch (error) {
      this.#onFault(error);
      throw error;
    }
  }

  /** Asks Keystone. 404 means that the caller's token is bad; 401 that our own is, which is then renewed once. */
  async #ask(token: string): Promise<ValidToken | undefined> {
    let status = 0;
    for (const _attempt of ['first', 'renewed']) {
      const service = await this.#service.get();
      const answer = await askKeystone(this.#options, 'GET', {
        headers: { 'X-Auth-Token': service, 'X-Subject-Token': token, ...understandsAccessRules },
      });
      if (answer.status === 200) return this.#read(answer.body);
      if (answer.status === 404 || isTooLongThere(token, answer.status)) return undefined;
      status = answer.status;
      if (status !== 401) break;
      this.#service.drop(service);
    }
    const error = new BackupSyncError('unavailable', 'the identity service does not let this service validate tokens', {
      cause: new Error(
        `${this.#options.url} answers ${status} to the user ${this.#options.user} of this service; give it a role that ` +
          'may validate tokens',
      ),
    });
    // Even the new service token is not known.
    if (status === 401) this.#service.rest(error);
    throw error;
  }

  #read(body: unknown): ValidToken | undefined {
    const parsed = keystoneToken.safeParse(body);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      const cause = new Error(`${this.#options.url}: ${problems.join('; ')}`);
      throw new BackupSyncError('unavailable', 'the identity service answered in an unknown form', { cause });
    }
    return this.opened(parsed.data);
  }

  /** Returns what a token gives access to, by Keystone's description of it. */
  opened({ token }: KeystoneToken): ValidToken {
    return {
      issuedAtMs: Date.parse(token.issued_at),
      expiresAtMs: Date.parse(token.expires_at),
      user: token.user,
      holder: { kind: 'user', name: nameOf(token.user), projectId: token.project?.id ?? '' },
      ...openedBy(token, this.#options.roles),
    };
  }

  /** Forgets a token that was revoked. */
  forget(token: string): void {
    this.#kept.delete(keyOf(token));
  }
}

/**
 * Whether the web server of Keystone refused a long token. It may take shorter headers than this one: Apache 8,190
 * bytes.
 */
function isTooLongThere(token: string, status: number): boolean {
  return token.length > 4096 && (status === 400 || status === 431);
}

function openedBy(
  { user, project, application_credential: credential, roles: held = [] }: KeystoneToken['token'],
  mapped: KeystoneOptions['roles'],
) {
  if (project === undefined) {
    return refused('token_without_project', 'the token is valid, but it is not scoped to a project');
  }
  if (credential?.access_rules != null) {
    const message =
      'the token is restricted by the access rules of an application credential, which are not enforced here';
    return refused('token_restricted', message);
  }
  const role = highest(held.flatMap(({ name }) => mapped.get(name) ?? []));
  if (role === undefined) {
    const wanted = [...mapped.keys()].join(', ');
    return refused('role_not_allowed', `the token has no role that is mapped here (mapped: ${wanted})`);
  }
  const caller = { kind: 'user', name: nameOf(user), projectId: project.id, role } as const;
  return { opens: { project, caller } };
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function refused(code: ErrorCode, message: string) {
  return { opens: null, refusal: { code, message } };
}

/**
 * The name of a user here. Names are unique only within a domain, so outside the default domain it is `name@domain`. So
 * it is if a name of the default domain contains `@`: the part after the last `@` is always a domain.
 */
function nameOf({ name, domain }: KeystoneToken['token']['user']): string {
  if (domain.id === 'default' && !name.includes('@')) return name;
  return `${name}@${domain.name.replaceAll('%', '%25').replaceAll('@', '%40')}`;
}

function highest(held: readonly Role[]): Role | undefined {
  return roles.findLast((role) => held.includes(role));
}
