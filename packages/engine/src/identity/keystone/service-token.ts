import { BackupSyncError, keystoneToken } from '@backup-sync/contracts';
import type { Clock } from '../../clock.ts';
import type { KeystoneOptions } from './keystone-options.ts';
import { askKeystone } from './keystone-request.ts';

/** A token is renewed this long before its end, or a tenth of its lifetime if that is shorter. */
const marginMaxMs = 5 * 60 * 1000;

/** Time until the next attempt after a refusal: Keystone may lock out a user after too many wrong passwords. */
const refusedForMs = 30 * 1000;

/** The token with which this service validates the tokens of others. It is fetched once for all waiting callers. */
export class ServiceToken {
  readonly #options: KeystoneOptions;
  readonly #clock: Clock;
  #kept: { readonly token: string; readonly renewAtMs: number } | null = null;
  #fetching: Promise<string> | null = null;
  #refusal: { readonly error: BackupSyncError; readonly untilMs: number } | null = null;

  constructor(options: KeystoneOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Returns a valid token. Throws `unavailable` if Keystone does not answer, or refuses the credentials of this
   * service.
   */
  get(): Promise<string> {
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#kept;
    if (kept !== null && kept.renewAtMs > nowMs) return Promise.resolve(kept.token);
    if (this.#refusal !== null && this.#refusal.untilMs > nowMs) return Promise.reject(this.#refusal.error);
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** Forgets a token that Keystone no longer knows. */
  drop(token: string): void {
    if (this.#kept?.token === token) this.#kept = null;
  }

  /** Fetches no token for 30 seconds and throws this error instead: a new token would be refused too. */
  rest(error: BackupSyncError): void {
    this.#refusal = { error, untilMs: this.#clock.monotonicMs() + refusedForMs };
  }

  async #fetch(): Promise<string> {
    const { user, password, userDomain, project, projectDomain } = this.#options;
    const identity = {
      methods: ['password'],
      password: { user: { name: user, password, domain: { name: userDomain } } },
    };
    const scope = { project: { name: project, domain: { name: projectDomain } } };
    const askedAtMs = this.#clock.monotonicMs();
    const answer = await askKeystone(this.#options, 'POST', { body: { auth: { identity, scope } } });
    const token = answer.headers.get('x-subject-token');
    const parsed = keystoneToken.safeParse(answer.body);
    if (answer.status !== 201 || token === null || !parsed.success) {
      const error = new BackupSyncError('unavailable', 'the identity service refuses the credentials of this service', {
        cause: new Error(
          `${this.#options.url} answers ${answer.status} to the user ${user} of this service; check ` +
            'BACKUP_SYNC_KEYSTONE_USER, BACKUP_SYNC_KEYSTONE_PASSWORD and BACKUP_SYNC_KEYSTONE_PROJECT',
        ),
      });
      this.rest(error);
      throw error;
    }
    const { issued_at, expires_at } = parsed.data.token;
    // Both times are Keystone's, so it does not matter whether the clocks agree.
    const lifetimeMs = Date.parse(expires_at) - Date.parse(issued_at);
    this.#kept = { token, renewAtMs: askedAtMs + lifetimeMs - Math.min(marginMaxMs, lifetimeMs / 10) };
    this.#refusal = null;
    return token;
  }
}
