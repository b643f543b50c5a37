import { consoleHeader } from '@backup-sync/contracts';
import type { TestAnswer, TestGateway } from './testing.ts';

/** Headers that a browser sends with a request of a page of the console other than GET. */
export const ofConsole = { 'Sec-Fetch-Site': 'same-origin', [consoleHeader.name]: consoleHeader.value };

/** Makes requests as a page of the console does, with the cookie that the server set last. */
export class TestBrowser {
  readonly #gateway: TestGateway;
  cookie: string | null = null;

  constructor(gateway: TestGateway) {
    this.#gateway = gateway;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> {
    const answer = await this.#gateway.call(method, path, body, {
      'X-Auth-Token': '',
      ...ofConsole,
      ...(this.cookie !== null && { Cookie: this.cookie }),
      ...headers,
    });
    const set = answer.headers.getSetCookie().find((each) => each.split('; ').includes('Path=/'));
    if (set !== undefined) this.cookie = /Max-Age=0\b/.test(set) ? null : (set.split(';', 1)[0] ?? null);
    return answer;
  }

  signIn(user_name: string, password: string, more: object = {}, headers = {}): Promise<TestAnswer> {
    return this.call('POST', '/console/session', { user_name, password, ...more }, headers);
  }
}
