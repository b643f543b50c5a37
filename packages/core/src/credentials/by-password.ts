import type { HttpRequest } from '../http/exchange.ts';
import { orAborted } from '../http/or-aborted.ts';
import type { Transport } from '../http/transport.ts';
import type { Runtime } from '../runtime.ts';
import { type Authorization, withToken } from './authorization.ts';
import { fetchToken, type PasswordCredentials } from './issue-token.ts';

/** A token is renewed this long before it expires, or in the last tenth of its lifetime if that is shorter. */
const renewBeforeEndMs = 5 * 60_000;

type Held = { readonly token: string; readonly renewAtMs: number };

/**
 * Fetches a token by user and password when one is first needed, and renews it before it expires, one fetch at a time.
 */
export class ByPassword implements Authorization {
  readonly #identity: Transport;
  readonly #tokens: URL;
  readonly #credentials: PasswordCredentials;
  readonly #runtime: Runtime;
  #held: Held | null = null;
  #fetching: Promise<Held> | null = null;

  constructor(identity: Transport, tokens: URL, credentials: PasswordCredentials, runtime: Runtime) {
    this.#identity = identity;
    this.#tokens = tokens;
    this.#credentials = credentials;
    this.#runtime = runtime;
  }

  async authorize({ headers }: HttpRequest, signal: AbortSignal | undefined): Promise<Headers> {
    if (this.#held === null || this.#runtime.monotonicMs() >= this.#held.renewAtMs) {
      // All waiting calls share this fetch, so the signal of one call must not end it.
      this.#fetching ??= this.#fetch().finally(() => {
        this.#fetching = null;
      });
      this.#held = await orAborted(this.#fetching, signal);
    }
    return withToken(headers, this.#held.token);
  }

  renew(refused: Headers): boolean {
    // Another call may have fetched a new one in the meantime.
    if (this.#held?.token === refused.get('x-auth-token')) this.#held = null;
    return true;
  }

  async #fetch(): Promise<Held> {
    const { token, lifetimeMs } = await fetchToken(this.#identity, this.#tokens, this.#credentials, undefined);
    const renewAtMs = this.#runtime.monotonicMs() + lifetimeMs - Math.min(renewBeforeEndMs, lifetimeMs / 10);
    return { token, renewAtMs };
  }
}
