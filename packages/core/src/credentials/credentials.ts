import { parseEndpoint } from '../http/endpoint.ts';
import type { HttpOptions } from '../http/exchange.ts';
import { Transport } from '../http/transport.ts';
import type { Runtime } from '../runtime.ts';
import type { AccessKey } from '../signing/sign-request.ts';
import { type Authorization, anonymous, byAccessKey, byToken } from './authorization.ts';
import { ByPassword } from './by-password.ts';
import { tokensUrl } from './issue-token.ts';

/** Credentials of a client: a token, a user with password, or an access key pair. */
export type Credentials =
  | {
      /** A token, sent as `X-Auth-Token`. The client cannot renew it. */
      readonly token: string;
    }
  | {
      /** Name of the user. The client fetches a token for the project and renews it before it expires. */
      readonly user: string;
      readonly password: string;
      /** Name of the user's domain (default `Default`); for Huawei Cloud, the name of the account. */
      readonly domain?: string;
      /** Address of the identity service, e.g. `https://iam.eu-de.otc.t-systems.com` (default: the endpoint). */
      readonly identityEndpoint?: string;
    }
  | AccessKey;

/** Returns what adds these credentials to requests. Throws `invalid_request` if `identityEndpoint` is not valid. */
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
