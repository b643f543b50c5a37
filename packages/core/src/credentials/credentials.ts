import { parseEndpoint } from '../http/endpoint.ts';
import type { HttpOptions } from '../http/exchange.ts';
import { Transport } from '../http/transport.ts';
import type { Runtime } from '../runtime.ts';
import type { AccessKey } from '../signing/sign-request.ts';
import { type Authorization, anonymous, byAccessKey, byToken } from './authorization.ts';
import { ByPassword } from './by-password.ts';
import { tokensUrl } from './issue-token.ts';

/** How a client says who it is: a token, a user with password, or an access key pair. */
export type Credentials =
  | { readonly token: string }
  | {
      readonly user: string;
      readonly password: string;
      /** Name of the user's domain, `Default` where it is left out; Huawei Cloud wants the account's. */
      readonly domain?: string;
      /** Where tokens are issued, e.g. `https://iam.eu-de.otc.t-systems.com`; the endpoint where it is left out. */
      readonly identityEndpoint?: string;
    }
  | AccessKey;

export function authorizationOf(
  credentials: Credentials,
  endpoint: URL,
  projectId: string,
  runtime: Runtime,
  http: HttpOptions,
): Authorization {
  if ('token' in credentials) return byToken(credentials.token);
  if ('accessKey' in credentials) return byAccessKey(credentials, projectId, runtime);
  const { identityEndpoint, ...user } = credentials;
  const identity = identityEndpoint === undefined ? endpoint : parseEndpoint(identityEndpoint, 'identityEndpoint');
  const scoped = { ...user, project: { id: projectId } };
  return new ByPassword(new Transport(anonymous, runtime, http), tokensUrl(identity), scoped, runtime);
}
