import type { HttpRequest } from '../http/exchange.ts';
import { setHeader } from '../http/set-header.ts';
import type { Runtime } from '../runtime.ts';
import { type AccessKey, signingHeaders } from '../signing/sign-request.ts';

/** How requests become those of their caller. */
export type Authorization = {
  /** The headers to send. Throws what fetching a token throws, and the reason of the signal once that is aborted. */
  authorize(request: HttpRequest, signal: AbortSignal | undefined): Promise<Headers>;
  /** Called with the headers of a request that was answered with 401; tells whether the next may fare better. */
  renew(refused: Headers): boolean;
};

/** For the call that asks for a token. */
export const anonymous: Authorization = {
  authorize: ({ headers }) => Promise.resolve(headers),
  renew: () => false,
};

export function byToken(token: string): Authorization {
  return {
    authorize: async ({ headers }) => withToken(headers, token),
    renew: () => false,
  };
}

/** Signs each request; the project is named where it is known, as the official SDKs do. */
export function byAccessKey(key: AccessKey, projectId: string | null, runtime: Runtime): Authorization {
  return {
    async authorize({ method, url, headers, body }) {
      const all = new Headers(headers);
      // Official clients send and sign it on every request; some verifiers count on that.
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
