import { BackupSyncError, keystoneToken } from '@backup-sync/contracts';
import type { Clock } from '../../clock.ts';
import type { KeystoneOptions } from './keystone-options.ts';
import { askKeystone } from './keystone-request.ts';

/** Renewed so long before its end; of a token that lives shortly, a tenth of its life is enough. */
const marginMaxMs = 5 * 60 * 1000;

/** Not asked for again so soon after a refusal: Keystone may lock out who comes too often with a wrong password. */
const refusedForMs = 30 * 1000;

/** The token with which this service asks Keystone about those of others. It is fetched once for all who wait for it. */
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

  /** Throws `unavailable` where Keystone does not answer, or does not let this service in. */
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

  /** Keystone did not know this one any more. */
  drop(token: string): void {
    if (this.#kept?.token === token) this.#kept = null;
  }

  /** Fetches none for a while, and answers this error instead: a fresh one would be refused as well. */
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
        cause: new Error(`${this.#options.url} answers ${answer.status} to the user ${user} of this service`),
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
