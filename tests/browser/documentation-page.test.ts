import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { specificationExample, startTestGateway, type TestGateway } from '../../apps/gateway/src/testing.ts';
import { findBrowser, startBrowser } from '../../tools/browser/find-browser.ts';

const found = await findBrowser();

/** Each test takes a second or two in a browser, and more while other tests run. */
const patienceMs = 240_000;

describe.skipIf(found === null)('the page of the documentation', { timeout: patienceMs }, () => {
  let gateway: TestGateway;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    gateway = await startTestGateway({ [specificationExample.bucket_name]: { 'a/disk.vmdk': 'bytes' } });
    browser = await startBrowser(found);
    page = await browser.newPage();
    page.setDefaultTimeout(patienceMs / 2);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(`${gateway.endpoint}/docs`);
  }, patienceMs);
  afterAll(async () => {
    await browser?.close();
    await gateway[Symbol.asyncDispose]();
  });

  async function open(call: string) {
    const block = page.locator(`#operations-CBR-${call}`);
    await block.locator('.opblock-summary-control').click();
    await block.locator('.try-out__btn').click();
    return {
      project: block.locator('tr[data-param-name=project_id] input'),
      answer: block.locator('.live-responses-table'),
      execute: () => block.locator('.execute').click(),
      fill: (field: string, value: string) => block.locator(`tr[data-param-name=${field}] input`).fill(value),
    };
  }

  test('stays usable with 1,000 backups in an answer, and offers the whole answer as a file', async () => {
    const item = { ...specificationExample, image_path: 'a' };
    const { body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [item] });
    await gateway.ended(body.sync[0].operation_log_id);
    const shown = await gateway.call('GET', `/v3/{project_id}/backups/${item.backup_id}`);
    const backups = Array(1000).fill(shown.body.backup);

    // The answer of the server, without a thousand imports.
    await page.route(/\/v3\/[^/]+\/backups$/, (route) => route.fulfill({ json: { backups, count: 1000 } }));
    const listing = await open('listBackups');
    expect(await listing.project.inputValue()).toBe('');
    await listing.project.fill(gateway.projectId);
    await listing.execute();
    await listing.answer.getByText(/^Showing the first [\d,]+ of [\d,]+ lines\.$/).waitFor();
    const next = await open('showBackup');
    await next.fill('backup_id', 'b');

    const download = page.waitForEvent('download');
    await listing.answer.getByRole('button', { name: 'Download' }).click();
    const file = await readFile(await (await download).path(), 'utf8');
    expect(JSON.parse(file).backups).toHaveLength(1000);
    expect(complaints).toEqual([]);
  });

  test('keeps the project and the token through a reload, in this tab only', async () => {
    await page.locator('.btn.authorize').first().click();
    const token = page.locator('.auth-container').filter({ hasText: 'X-Auth-Token' });
    await token.locator('input').fill(gateway.token);
    await token.locator('button.authorize').click();

    await page.reload();
    const { project, answer, execute } = await open('listOperationLogs');
    await expect.poll(() => project.inputValue(), { timeout: patienceMs / 2 }).toBe(gateway.projectId);
    await execute();
    await answer.getByText('"offset": 0').waitFor();
    expect(await answer.getByText(/^The first /).count()).toBe(0);

    const kept = await page.evaluate('[Object.values(sessionStorage), localStorage.length, document.cookie]');
    expect(kept).toEqual([expect.arrayContaining([gateway.token, gateway.projectId]), 0, '']);
    await page.locator('.btn.authorize').first().click();
    await page.locator('.auth-container').locator('button', { hasText: 'Logout' }).click();
    expect(await page.evaluate('Object.values(sessionStorage)')).toEqual([gateway.projectId]);
    expect(complaints).toEqual([]);
  });
});
