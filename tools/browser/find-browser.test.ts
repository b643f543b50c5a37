import { expect, test, vi } from 'vitest';
import { findBrowser, startBrowser, unpackBrowser } from './find-browser.ts';

test('a path in CHROMIUM comes first, and is refused if nothing is there', async () => {
  vi.stubEnv('CHROMIUM', '/nowhere/chromium');
  await expect(findBrowser()).rejects.toThrow('CHROMIUM names /nowhere/chromium, which does not exist');
  vi.stubEnv('CHROMIUM', process.execPath);
  expect(await findBrowser()).toEqual({ program: process.execPath, variables: {} });
});

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'the browser of the npm package starts on its own, and has a font',
  async () => {
    await using browser = await startBrowser(await unpackBrowser());
    const page = await browser.newPage();
    await page.setContent('<span>Backups</span>');
    // Without a font, text has no width.
    expect((await page.locator('span').boundingBox())?.width).toBeGreaterThan(0);
  },
);
