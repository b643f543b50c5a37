import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examples } from '../../apps/cli/src/testing.ts';
import { findBrowser, startBrowser } from '../../tools/browser/find-browser.ts';
import { fillScene, imported, type Scene } from '../../tools/console/scene.ts';
import { type ServedConsole, serveConsole } from '../../tools/console/served-console.ts';
import { settled, type Visit, visit } from '../../tools/console/visit.ts';

const found = await findBrowser();

/** More presses of the Tab key than a page has controls. */
const mostPresses = 150;

/** A journey takes some seconds, and more while other tests run. */
const patienceMs = 240_000;

/** Most bytes of the first page with everything that it loads, compressed by gzip. */
const firstLoadMaxBytes = 170 * 1024;

type Session = Awaited<ReturnType<ReturnType<Page['context']>['storageState']>>;

describe.skipIf(found === null)('in the console', { timeout: patienceMs }, () => {
  const owned = new AsyncDisposableStack();
  let browser: Browser;
  let served: ServedConsole;
  let scene: Scene;
  beforeAll(async () => {
    browser = owned.use(await startBrowser(found));
    served = owned.use(await serveConsole());
  }, patienceMs);
  afterAll(() => owned.disposeAsync());

  const sessions = new Map<string, Session>();

  /** Opens a path, which leads to the sign-in, and signs in. */
  async function signedIn(userName: string, path = ''): Promise<Visit> {
    const own = await visit(browser, served.endpoint);
    await own.open(path);
    await own.signIn(userName);
    return own;
  }

  /** Opens a path in the session of a user that visits of this file share. */
  async function visitAs(userName: string, path = ''): Promise<Visit> {
    const session = sessions.get(userName);
    if (session === undefined) {
      const first = await signedIn(userName, path);
      sessions.set(userName, await first.page.context().storageState());
      return first;
    }
    const own = await visit(browser, served.endpoint, { storageState: session });
    await own.open(path);
    return own;
  }

  test('an operator signs in, imports a list from a file, and follows it to its end', async () => {
    await using own = await visitAs('operator');
    const { page, complaints } = own;
    await page.getByRole('link', { name: 'Import a list or scan a bucket' }).click();
    await page.getByLabel('Choose a file').setInputFiles(join(examples, 'sync-request.json'));
    await page.getByText('5 backups in sync-request.json, all valid').waitFor();
    await page.getByRole('button', { name: 'Plan the import' }).click();
    await page.getByText('5 of 5 backups planned').waitFor();
    const broken = page.getByRole('row').filter({ hasText: 'mail-disk-full' });
    expect(await broken.textContent()).toContain('an object that the metadata names is missing');
    await page.getByRole('link', { name: 'Continue to the import' }).click();
    await page.getByRole('button', { name: 'Import 5 backups' }).click();
    await page.getByText('1 of 5 imports failed').waitFor();
    await page.getByText('Restore the object').first().waitFor();
    expect(complaints).toEqual([]);
    scene = await fillScene(served);
  });

  test('the first page loads little, and nothing of other screens', async () => {
    await using own = await visitAs('reader');
    const sizes = new Map<string, number>();
    own.page.on('response', async (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/console/')) sizes.set(pathname, gzipSync(await response.body(), { level: 9 }).length);
    });
    await own.page.reload();
    await own.page.getByText('5 resources', { exact: true }).waitFor();
    expect([...sizes.keys()].filter((path) => /import|audit|uPlot|worker/i.test(path))).toEqual([]);
    expect(sizes.size).toBeGreaterThan(3);
    expect([...sizes.values()].reduce((sum, size) => sum + size)).toBeLessThanOrEqual(firstLoadMaxBytes);
  });

  test('a reader sees which backup is broken, why, and what to do', async () => {
    await using own = await visitAs('reader');
    const { page, complaints } = own;
    const sentence = page.getByText('2 of 5 resources have no backup proved to linkage');
    await sentence.waitFor();
    // The worst is first.
    const first = page.getByRole('row').nth(1);
    expect(await first.textContent()).toMatch(/mail-disk.*not proved.*1 backup in error/);
    await first.getByRole('link', { name: 'mail-disk', exact: true }).click();
    await page.getByText('This backup cannot be restored').waitFor();
    await page
      .getByText(/an object that the metadata names is missing: volume_9b312830/i)
      .first()
      .waitFor();
    await page.getByText('Restore the object from a copy of the bucket, or back up again.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('an operator verifies a backup by reading its data, and follows that to its end', async () => {
    await using own = await visitAs('operator', 'resources/fce0b9df-75b4-4611-8f84-82b3da12f14c');
    const { page, complaints } = own;
    await page.getByRole('button', { name: 'Verify now' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('replay').check();
    await dialog.getByRole('button', { name: 'Start' }).click();
    await dialog.getByRole('link', { name: 'Follow the operation' }).click();
    await page.getByText('success', { exact: true }).first().waitFor();
    await page.getByText('SHA-256 of the volume').waitFor();
    expect(complaints).toEqual([]);
  });

  test('an operator sees what a held source would mark, and confirms it', async () => {
    await using own = await visitAs('operator', 'sources');
    const { page, complaints } = own;
    const first = page.getByRole('row').nth(1);
    expect(await first.textContent()).toMatch(/archive.*held/);
    await first.getByRole('link', { name: 'archive' }).first().click();
    await page.getByText('Held: 3 backups are missing').waitFor();
    const missing = page.getByRole('table', { name: /would mark|mark as vanished/ });
    expect(await missing.getByRole('row').count()).toBe(4);
    await page.getByRole('button', { name: 'Confirm removals' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Mark up to 3 backups' }).click();
    await page.getByText('Held: 3 backups are missing').waitFor({ state: 'detached' });
    await expect
      .poll(async () => (await served.client.calls.listBackups({ resource_id: 'accounting' })).backups)
      .toMatchObject(Array(3).fill({ status: 'error', backup_sync: { reason: { code: 'vanished' } } }));
    expect(complaints).toEqual([]);
  });

  test('a reader is offered nothing that changes something, and is refused it all the same', async () => {
    await using own = await visitAs('reader', `sources/${scene.heldSourceId}`);
    const { page } = own;
    for (const name of ['Run now', 'Pause', 'Edit', 'Remove', 'Confirm removals']) {
      expect.soft(await page.getByRole('button', { name }).count(), name).toBe(0);
    }
    const menu = page.getByRole('navigation').getByRole('link');
    expect(await menu.allInnerTexts()).toEqual(['Overview', 'Operations', 'Sources']);
    for (const path of ['administration/users', 'administration/audit', 'administration/access-keys']) {
      await own.open(path);
      expect.soft(await page.getByRole('alert').textContent(), path).toMatch(/role/);
    }
    const input = JSON.stringify({ project_id: served.projectId, source_id: scene.heldSourceId });
    const status = await page.evaluate(`fetch('/trpc/removeSource', { method: 'POST', body: '${input}',
      headers: { 'content-type': 'application/json', 'x-backup-sync-console': '1' } }).then(({ status }) => status)`);
    expect(status).toBe(403);
  });

  test('somebody who signs out leaves nothing behind, and a wrong password says so', async () => {
    await using own = await signedIn('operator', 'operations');
    const { page } = own;
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('User name').waitFor();
    await page.goBack();
    await page.getByLabel('User name').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, expect.any(Number)]);
    await page.getByLabel('User name').fill('operator');
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    const refusal = page.getByRole('alert');
    await refusal
      .getByText(/password/i)
      .first()
      .waitFor();
    await refusal.getByText(/request id/i).waitFor();
    await own.signIn('operator');
    expect(page.url()).toContain('/operations');
  });

  test('an administrator switches to another project, and sees only what is in it', async () => {
    await using own = await signedIn('admin');
    const { page, complaints } = own;
    await page.getByText('5 resources', { exact: true }).waitFor();
    await page.getByLabel('Project').selectOption({ label: 'test-lab' });
    // The choice alone switches nothing: the arrow keys make one, too.
    await page.getByText('5 resources', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Switch project' }).click();
    await page.getByText('No backup is recorded yet').waitFor();
    expect(complaints).toEqual([]);
  });

  test.each([
    ['the overview', ''],
    ['a resource', 'resources/file-server'],
    ['the import', 'import'],
    ['the users', 'administration/users'],
  ])('everything on the page of %s is reached by the keyboard, and shows that it is', async (_name, path) => {
    await using own = await visitAs('admin', path);
    const { page } = own;
    expect(await page.evaluate<number>(controlsScript)).toBeGreaterThan(10);
    let left: readonly string[] = [];
    for (let presses = 0; presses < mostPresses; presses += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate<{ name: string; outline: string; left: readonly string[] }>(focusScript);
      expect.soft(focused.outline, focused.name).not.toMatch(/^none| 0px$/);
      left = focused.left;
      if (left.length === 0) break;
    }
    expect(left).toEqual([]);
  });

  test('an administrator adds a hook, whose secret is shown once, tests it, pauses it and removes it', async () => {
    await using own = await visitAs('admin', 'administration/hooks');
    const { page } = own;
    await page.getByRole('button', { name: 'Add hook' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Address').fill('https://localhost/tickets');
    await form.getByLabel('Name').fill('tickets');
    await form.getByLabel('Backup overdue after').first().fill('26');
    await form.getByRole('button', { name: 'Add hook' }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole('button', { name: 'I have stored it' }).click();
    expect(await page.getByText(/whsec_/).count()).toBe(0);
    await page.getByRole('button', { name: 'Test: tickets' }).click();
    await page
      .getByText(/which is inside the network of the server/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Pause: tickets' }).click();
    await page.getByRole('button', { name: 'Resume: tickets' }).waitFor();
    await page.getByRole('button', { name: 'Deliveries: tickets' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Remove: tickets' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Test: tickets' }).waitFor({ state: 'detached' });
    expect(own.complaints).toEqual([]);
  });

  test('a dialog keeps the focus in it, and Escape gives it back to the button that opened it', async () => {
    await using own = await visitAs('operator', 'resources/fce0b9df-75b4-4611-8f84-82b3da12f14c');
    const { page } = own;
    const rename = page.getByRole('button', { name: 'Rename' });
    await rename.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    for (let presses = 0; presses < 5; presses += 1) {
      await page.keyboard.press('Tab');
      expect(await isWithin(page, 'dialog')).toBe(true);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Rename');
  });

  test('a page that is open recovers by itself after the server was killed', async () => {
    await using own = await visitAs('operator', 'operations');
    const { page } = own;
    await page.getByText('Live', { exact: true }).waitFor();
    await served.kill();
    await page.getByText('Connecting…').waitFor();
    await page.getByRole('link', { name: 'Sources' }).click();
    await served.start();
    await page.getByRole('link', { name: 'nightly' }).first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  test('hostile names and ids are text, and their pages work', async () => {
    const id = 'a%2F..%2f ../?x=1#&"<b>\'\\';
    const [html, long] = ['<img src=x onerror=alert(1)>', 'W'.repeat(255)];
    const rightToLeft = '\u202Eمرحبا abc';
    const names = [
      [id, html],
      [long, long],
      ['right-to-left', rightToLeft],
    ] as const;
    // Of an unknown format only its presence is proved, so that any bytes become a record.
    await mkdir(join(served.buckets, 'hostile', 'disk'), { recursive: true });
    await writeFile(join(served.buckets, 'hostile', 'disk', 'bytes'), 'bytes');
    await served.client.calls.grantBucket({ target_project_id: served.projectId, bucket_name: 'hostile' });
    await imported(
      served.client,
      names.map(([each, name]) => ({
        ...{ backup_id: each, resource_id: each, resource_name: name, backup_name: name.slice(0, 64) },
        ...{ bucket_name: 'hostile', image_path: 'disk', created_at: 1_788_228_000 },
      })),
    );
    await using own = await visitAs('operator');
    const { page, complaints } = own;
    for (const [, name] of names) {
      await own.open('');
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      expect(await page.locator('img[src=x]').count()).toBe(0);
      const address = page.url();
      await page.reload();
      await settled(page);
      await page.getByRole('heading', { level: 1, name }).waitFor();
      expect(page.url()).toBe(address);
    }
    await own.open(`backups/${encodeURIComponent(id)}`);
    await page.getByRole('heading', { level: 1, name: html }).waitFor();
    expect(complaints).toEqual([]);
  });
});

/** Remembers everything on the page that a person can use, and returns how much that is. */
const controlsScript = `(() => {
  const controls = document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]');
  globalThis.unreached = new Set(
    [...controls].filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility()),
  );
  return unreached.size;
})()`;

/** What has the focus, how that is shown, and what has not had it yet. */
const focusScript = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  unreached.delete(document.activeElement);
  const left = [...unreached].filter((each) => each.isConnected).map((each) => each.outerHTML);
  // After the last control, the browser itself has the focus.
  const outline = document.activeElement === document.body ? 'of the browser' : outlineStyle + ' ' + outlineWidth;
  return { name: document.activeElement.outerHTML, outline, left };
})()`;

/** Whether the focus is in such an element, or in the browser itself. */
async function isWithin(page: Page, selector: string): Promise<boolean> {
  return await page.evaluate<boolean>(
    `document.activeElement === document.body || document.activeElement.closest('${selector}') !== null`,
  );
}
