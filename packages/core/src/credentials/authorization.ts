import type { HttpRequest } from '../http/exchange.ts';
import { setHeader } from '../http/set-header.ts';
import type { Runtime } from '../runtime.ts';
import { type AccessKey, signingHeaders } from '../signing/sign-request.ts';

/** Adds the credentials of the caller to requests. */
export type Authorization = {
  /** Returns the headers to send. Throws the error of fetching a token, and the signal's reason when it is aborted. */
  authorize(request: HttpRequest, signal: AbortSignal | undefined): Promise<Headers>;
  /** Called with the headers of a request that got a 401. Returns whether a second attempt may succeed. */
  renew(refused: Headers): boolean;
};

/** Adds no credentials; for the call that asks for a token. */
export const anonymous: Authorization = {
  authorize: ({ headers }) => Promise.resolve(headers),
  renew: () => false,
};

/** Sends a fixed token. */
export function byToken(token: string): Authorization {
  return {
    authorize: async ({ headers }) => withToken(headers, token),
    renew: () => false,
  };
}

/** Signs each request. Like the official SDKs, it sends `X-Project-Id` if the project is known. */
export function byAccessKey(key: AccessKey, projectId: string | null, runtime: Runtime): Authorization {
  return {
    async authorize({ method, url, headers, body }) {
      const all = new Headers(headers);
      // Official clients send and sign this header on every request, and some verifiers expect it.
      all.set('content-type', 'application/json');
      if (projectId !== null) setHeader(all, 'x-project-id', projectId);
      const added = await signingHeaders(key, { method, url, headers: all, body, nowMs: runtime.nowMs() });
      added.forEach((value, name) => {
        all.set(name, value);
      });
      return all;
    },
    renew: () => false,
  };
}

export function withToken(headers: Headers, token: string): Headers {
  const all = new Headers(headers);
  setHeader(all, 'x-auth-token', token);
  return all;
}
