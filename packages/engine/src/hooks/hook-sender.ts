import { BackupSyncError } from '@backup-sync/contracts';
import type { HookKeys, HookRecord } from '../catalogue/hook-records.ts';
import { sealOwnerOf } from '../catalogue/identity-records.ts';
import type { Clock } from '../clock.ts';
import type { SecretSeal } from '../identity/secret-seal.ts';
import type { Network } from '../network.ts';
import { AddressGuard, AddressRefusedError } from './address-guard.ts';
import { type PostResult, postMessage } from './post-message.ts';
import { makeKeyPair, makeSecret, type SigningKeys, signedHeaders } from './signatures.ts';

/** How long a receiver may take to answer, in milliseconds. */
const answerWithinMs = 20_000;

export type HookSenderOptions = {
  readonly clock: Clock;
  readonly seal: SecretSeal;
  /** Addresses and networks inside which hooks may be sent, also by http. */
  readonly allowedNetworks: readonly string[];
  readonly proxies: Network['proxies'];
  /** Default: 20 seconds. */
  readonly timeoutMs?: number | undefined;
};

/** Signs messages and sends them to hooks. */
export class HookSender {
  readonly #options: HookSenderOptions;
  readonly #guard: AddressGuard;

  constructor(options: HookSenderOptions) {
    this.#options = options;
    this.#guard = new AddressGuard(options.allowedNetworks);
  }

  /** Throws `hook_address_refused` if hooks must not be sent to this address. */
  refuseAddress(address: string): void {
    try {
      this.#guard.check(new URL(address));
    } catch (error) {
      if (!(error instanceof AddressRefusedError)) throw error;
      throw new BackupSyncError('hook_address_refused', `url: ${error.message}`, { cause: error });
    }
  }

  /** Sends a message once. Throws `SecretKeyError` if the secret of the hook cannot be opened. */
  async send(
    hook: HookRecord,
    message: { readonly id: string; readonly body: string },
    signal: AbortSignal,
  ): Promise<PostResult> {
    const { clock, proxies, timeoutMs = answerWithinMs } = this.#options;
    const nowMs = clock.nowMs();
    const keys = [await this.#open(hook.id, hook)];
    if (hook.previous !== null && nowMs < hook.previous.untilMs) keys.push(await this.#open(hook.id, hook.previous));
    const headers = signedHeaders(message, keys, nowMs);
    const options = { guard: this.#guard, proxies, timeoutMs, signal };
    return await postMessage(hook.url, { body: message.body, headers }, options);
  }

  /** Makes the keys of a hook. The secret is returned only here. */
  async makeKeys(hookId: string, hasKeyPair: boolean) {
    const secret = makeSecret();
    const pair = hasKeyPair ? makeKeyPair() : null;
    const { seal } = this.#options;
    return {
      secret,
      sealedSecret: await seal.seal(secret, sealOwnerOf(hookId)),
      sealedPrivateKey: pair === null ? null : await seal.seal(pair.privateKey, sealOwnerOf(hookId)),
      publicKey: pair?.publicKey ?? null,
    };
  }

  async #open(hookId: string, { sealedSecret, sealedPrivateKey }: HookKeys): Promise<SigningKeys> {
    const { seal } = this.#options;
    const owner = sealOwnerOf(hookId);
    return {
      secret: await seal.unseal(sealedSecret, owner),
      privateKey: sealedPrivateKey === null ? null : await seal.unseal(sealedPrivateKey, owner),
    };
  }
}
