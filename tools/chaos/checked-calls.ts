import { setTimeout as pause } from 'node:timers/promises';
import { errorBody } from '../../packages/contracts/src/index.ts';
import { type Report, shown } from './report.ts';
import { type Door, isCalm, type Service } from './service.ts';

export const administrator = { user: 'admin', password: 'a password of the chaos run' };

type Method = 'GET' | 'POST' | 'DELETE';
export type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers };

/** Faults that callers of the server must expect at the moment. */
export type Expected = {
  /** Tokens may end: the wall clock has jumped. */
  tokensEnd: boolean;
  /** Calls that write may be refused: the disk is full or the data directory is gone. */
  writesRefused: boolean;
};

const firstWaitMs = 100;
/** Time within which a call must succeed once no fault prevents it. */
const takenWithinMs = 20_000;

/**
 * Makes calls of the API, one HTTP request each, and checks every answer. It must be a 2xx, or a refusal in the
 * documented form, but no 5xx other than 503. 429 and 503 must say when to retry.
 */
export class CheckedCalls {
  readonly #service: Service;
  readonly #expected: Expected;
  #report: Report;
  #token: Promise<string> | null = null;
  /** Number of answers by status. */
  readonly statuses = new Map<number, number>();
  /** The server will not come back: no call is repeated. */
  isStopped = false;

  constructor(service: Service, expected: Expected, report: Report) {
    this.#service = service;
    this.#expected = expected;
    this.#report = report;
  }

  /** Sets the report for broken promises. */
  reportTo(report: Report): void {
    this.#report = report;
  }

  /** Makes a call. `path` follows `/v3/{project_id}` or `/v1/projects/{project_id}`. Null: no answer came. */
  async call(method: Method, version: 'v1' | 'v3', path: string, body?: unknown): Promise<Answer | null> {
    const base = version === 'v3' ? '/v3/' : '/v1/projects/';
    const token = await this.token();
    if (token === null) return null;
    return await this.send(method, `${base}${this.#service.projectId}${path}`, { 'X-Auth-Token': token }, body);
  }

  /**
   * Like {@link call}, but repeats the call if no answer came, and after 429, 5xx and, with a new token, 401. Null: it
   * did not succeed in time although no fault prevented it, or calls were stopped.
   */
  async untilTaken(method: Method, version: 'v1' | 'v3', path: string, body?: unknown): Promise<Answer | null> {
    let waitedMs = 0;
    while (!this.isStopped) {
      const answer = await this.call(method, version, path, body);
      const isTaken = answer !== null && answer.status < 500 && answer.status !== 401 && answer.status !== 429;
      if (isTaken) return answer;
      const waitMs = Math.min(2000, Number(answer?.headers.get('retry-after') ?? 0) * 1000) || firstWaitMs;
      waitedMs = !isCalm(this.#service) || this.#expected.writesRefused ? 0 : waitedMs + waitMs;
      if (waitedMs > takenWithinMs) {
        this.#report.broken('a call succeeds', `${method} ${path}: ${answer?.status ?? 'no answer'}`);
        return null;
      }
      await pause(waitMs);
    }
    return null;
  }

  /** Sends any request to a server. */
  async send(
    method: Method,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
    door: Door = this.#service.nextDoor(),
  ): Promise<Answer | null> {
    const { isAway: wasAway, outages } = door;
    const isAway = () => wasAway || door.isAway || door.outages !== outages;
    const { writesRefused } = this.#expected;
    let response: Response;
    let text: string;
    try {
      response = await fetch(door.endpoint + path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(takenWithinMs),
      });
      text = await response.text();
    } catch (error) {
      if (!isAway()) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
        this.#report.broken('every call is answered', `${method} ${path}: ${String(error)} ${cause}`);
      }
      return null;
    }
    this.statuses.set(response.status, (this.statuses.get(response.status) ?? 0) + 1);
    if (!response.ok) {
      const mayBeUnavailable = isAway() || writesRefused || this.#expected.writesRefused;
      this.#checkRefusal(`${method} ${path}`, response, text, mayBeUnavailable);
    }
    if (response.status === 401) this.forgetToken();
    return { status: response.status, body: parsed(text), headers: response.headers };
  }

  /** Returns a token of the administrator. Null: no answer came. */
  async token(): Promise<string | null> {
    this.#token ??= this.#login();
    try {
      return await this.#token;
    } catch {
      this.#token = null;
      return null;
    }
  }

  /** Makes the next call ask for a new token. */
  forgetToken(): void {
    this.#token = null;
  }

  async #login(): Promise<string> {
    const { user: name, password } = administrator;
    const identity = { methods: ['password'], password: { user: { name, password, domain: { name: 'Default' } } } };
    const answer = await this.send('POST', '/v3/auth/tokens', {}, { auth: { identity } });
    const token = answer?.headers.get('x-subject-token') ?? null;
    if (token === null) throw new Error('the server gave no token');
    return token;
  }

  #checkRefusal(call: string, response: Response, text: string, mayBeUnavailable: boolean): void {
    const { status, headers } = response;
    const evidence = `${call}: ${status} ${shown(text)}`;
    if (status >= 500 && status !== 503) this.#report.broken('no call fails by a fault of the server', evidence);
    const refusal = errorBody.safeParse(parsed(text)).data;
    if (refusal === undefined || refusal.request_id !== headers.get('x-request-id')) {
      this.#report.broken('every refusal has the documented form', evidence);
    }
    const isTimed = /^\d+$/.test(headers.get('retry-after') ?? '');
    if ((status === 429 || status === 503) && !isTimed) this.#report.broken('429 and 503 have Retry-After', evidence);
    if (status === 401 && !this.#expected.tokensEnd) this.#report.broken('a token stays valid', evidence);
    if (status === 503 && !mayBeUnavailable) this.#report.broken('a healthy server is available', evidence);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
