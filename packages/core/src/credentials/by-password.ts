import type { HttpRequest } from '../http/exchange.ts';
import { orAborted } from '../http/or-aborted.ts';
import type { Transport } from '../http/transport.ts';
import type { Runtime } from '../runtime.ts';
import { type Authorization, withToken } from './authorization.ts';
import { fetchToken, type PasswordCredentials } from './issue-token.ts';

/** A token is renewed this long before its end, or in the last tenth of its life if that is shorter. */
const renewBeforeEndMs = 5 * 60_000;

type Held = { readonly token: string; readonly renewAtMs: number };

/** Holds a token of a user with password: fetched when first needed, renewed before its end, one fetch at a time. */
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
      // Shared by all who wait: no single caller's signal ends it.
      this.#fetching ??= this.#fetch().finally(() => {
        this.#fetching = null;
      });
      this.#held = await orAborted(this.#fetching, signal);
    }
    return withToken(headers, this.#held.token);
  }

  renew(refused: Headers): boolean {
    // Another call may have brought a fresh one meanwhile.
    if (this.#held?.token === refused.get('x-auth-token')) this.#held = null;
    return true;
  }

  async #fetch(): Promise<Held> {
    const { token, lifetimeMs } = await fetchToken(this.#identity, this.#tokens, this.#credentials, undefined);
    const renewAtMs = this.#runtime.monotonicMs() + lifetimeMs - Math.min(renewBeforeEndMs, lifetimeMs / 10);
    return { token, renewAtMs };
  }
}
