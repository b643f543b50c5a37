// pnpm console:screens: writes a picture of every screen of the console, in light and dark, wide and narrow. The server
// is real, on the examples and what an operator meets. With --docs, it writes the pictures of the documentation instead.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findBrowser, startBrowser } from '../browser/find-browser.ts';
import { allScreens } from './all-screens.ts';
import { fillScene, startSlowWork } from './scene.ts';
import { serveConsole, userNames } from './served-console.ts';
import { visit } from './visit.ts';

const wide = { width: 1280, height: 800 };
const narrow = { width: 360, height: 740 };

/** The screens that the documentation shows. */
const shownInDocs = ['overview', 'resource'];
/** Of the pictures of the documentation, in percent: text stays sharp. */
const quality = 80;

const { values } = parseArgs({
  options: { output: { type: 'string', default: '.data/screens' }, docs: { type: 'boolean', default: false } },
});

await using served = await serveConsole();
const scene = await fillScene(served);
await startSlowWork(served);
await using browser = await startBrowser(await findBrowser());
await using each = await visit(browser, served.endpoint, { reducedMotion: 'reduce' });
const { page, complaints } = each;
const devTools = await page.context().newCDPSession(page);

/** Writes the pictures of a screen. The whole page is in them, however long it is. */
async function pictures(name: string, path: string): Promise<void> {
  for (const viewport of [wide, narrow]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: 'light' });
    await each.open(path);
    // Unlike a screenshot of the full page, this shows the menu at its full height.
    const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
    await page.setViewportSize({ width: viewport.width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const file = resolve(values.output, `${name}-${viewport.width}-${colorScheme}.png`);
      await page.screenshot({ path: file });
      process.stdout.write(`${relative('.', file)}\n`);
    }
  }
}

/** Writes a picture of the first window of a screen, in a form that is small enough for a repository. */
async function pictureOfDocs(name: string, path: string): Promise<void> {
  await page.setViewportSize(wide);
  await each.open(path);
  const { data } = await devTools.send('Page.captureScreenshot', { format: 'webp', quality });
  const file = join(import.meta.dirname, `../../docs/pictures/console-${name}.webp`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.from(data, 'base64'));
  process.stdout.write(`${relative('.', file)}\n`);
}

const screens = allScreens(scene);
if (!values.docs) await pictures('sign-in', 'sign-in');
await each.open('sign-in');
await each.signIn(userNames.administrator);
for (const [name, path] of screens) {
  if (!values.docs) await pictures(name, path);
  else if (shownInDocs.includes(name)) await pictureOfDocs(name, path);
}
for (const complaint of complaints) process.stderr.write(`${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;
