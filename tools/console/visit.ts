import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { password } from './served-console.ts';

/** Milliseconds that a page may take for a step on a busy machine. */
const patienceMs = 30_000;

/** A page of the console, and what a browser or its user would complain about. Closing it closes its session. */
export type Visit = AsyncDisposable & {
  readonly page: Page;
  /** Errors of scripts, violations of the content security policy, failed requests, and requests to other hosts. */
  readonly complaints: string[];
  /** Opens a path of the console, such as `operations`, and waits until it shows what it has loaded. */
  open(path: string): Promise<void>;
  /** Signs in on the page of the sign-in, and waits until the next page is shown. */
  signIn(userName: string): Promise<void>;
};

/** Opens an empty page in a session of its own. */
export async function visit(
  browser: Browser,
  endpoint: string,
  options: BrowserContextOptions & { readonly scripts?: readonly string[] } = {},
): Promise<Visit> {
  const { scripts = [], ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...contextOptions });
  // Unlike a script in the page, these are not subject to its content security policy.
  for (const content of scripts) await context.addInitScript({ content });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // Without a session, the first answer is 401, which leads to the sign-in.
    if (message.location().url.endsWith('/console/session') && message.text().includes('401')) return;
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== endpoint) complaints.push(`request to ${request.url()}`);
  });
  return {
    page,
    complaints,
    async open(path) {
      await page.goto(`${endpoint}/console/${path}`);
      await settled(page);
    },
    async signIn(userName) {
      await page.getByLabel('User name').fill(userName);
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      // The page of the sign-in has a heading as well.
      await page.locator('#content h1').first().waitFor();
      await settled(page);
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Waits until the page has its heading, and everything in it has been loaded. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('.loading, [aria-busy=true]').first().waitFor({ state: 'detached' });
}
