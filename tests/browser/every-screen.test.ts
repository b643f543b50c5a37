import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser, startBrowser } from '../../tools/browser/find-browser.ts';
import { allScreens, emptyScreens } from '../../tools/console/all-screens.ts';
import { fillScene } from '../../tools/console/scene.ts';
import { type ServedConsole, serveConsole } from '../../tools/console/served-console.ts';
import { type Visit, visit } from '../../tools/console/visit.ts';

const found = await findBrowser();

/** All screens are opened several times, while other tests run. */
const patienceMs = 240_000;

/** WCAG 2.2 up to level AA, in the words of axe-core. */
const allRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Those that depend on colours: everything else of a page is the same in light and dark. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/** Sums up how far the page has moved by itself, as browsers count it for their layout shift score. */
const shiftScript = `
  window.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.layoutShift += value;
  }).observe({ type: 'layout-shift', buffered: true });
`;
const mostShift = 0.05;

const [wide, narrow, huge] = [
  { width: 1280, height: 800 },
  { width: 360, height: 740 },
  { width: 3840, height: 2160 },
];

/** Returns what axe-core finds wrong on a page, with the elements. */
async function violations(page: Page, rules: readonly string[]): Promise<readonly string[]> {
  const { violations: broken } = (await page.evaluate(
    `window.axe.run({ runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'] })`,
  )) as {
    violations: readonly { id: string; help: string; nodes: readonly { html: string; failureSummary: string }[] }[];
  };
  return broken.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)}: ${failureSummary}`),
  );
}

/** Shows the page in light or dark. Until the next frame, parts of it may still have the colours of before. */
async function setColours(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
}

/** By how many pixels the page is wider than the window. */
async function overflow(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')) as number;
}

/** Opens a screen in all sizes and colours, and returns everything that is wrong with it. */
async function faultsOf({ page, open, complaints }: Visit, path: string): Promise<readonly string[]> {
  const faults: string[] = [];
  const note = (where: string, each: readonly string[]) => faults.push(...each.map((fault) => `${where}: ${fault}`));
  for (const size of [wide, narrow]) {
    const { width } = size;
    await page.setViewportSize(size);
    await setColours(page, 'light');
    await open(path);
    const shift = (await page.evaluate('window.layoutShift')) as number;
    if (!(shift < mostShift)) note(`${width} px`, [`the page moves by ${shift.toFixed(3)} while it loads`]);
    if ((await overflow(page)) > 0) note(`${width} px`, [`the page is ${await overflow(page)} px too wide`]);
    note(`${width} px, light`, await violations(page, allRules));
    await setColours(page, 'dark');
    note(`${width} px, dark`, await violations(page, colourRules));
  }
  await page.setViewportSize(huge);
  if ((await overflow(page)) > 0) note(`${huge.width} px`, ['the page is too wide']);
  note('in the console', complaints.splice(0));
  return faults;
}

describe.skipIf(found === null)('every screen can be read by everyone, in every size and colour', () => {
  let browser: Browser;
  let axe: string;
  const owned = new AsyncDisposableStack();
  beforeAll(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    browser = owned.use(await startBrowser(found));
  });
  afterAll(() => owned.disposeAsync());

  async function visitOf(served: ServedConsole): Promise<Visit> {
    return owned.use(await visit(browser, served.endpoint, { scripts: [shiftScript, axe], reducedMotion: 'reduce' }));
  }

  test('with backups', { timeout: patienceMs }, async () => {
    await using served = await serveConsole();
    const scene = await fillScene(served);
    const each = await visitOf(served);
    expect(await faultsOf(each, 'sign-in')).toEqual([]);
    await each.signIn('admin');
    for (const [name, path] of allScreens(scene)) expect.soft(await faultsOf(each, path), name).toEqual([]);
  });

  test('without any backup', { timeout: patienceMs }, async () => {
    await using served = await serveConsole();
    const each = await visitOf(served);
    await each.open('');
    await each.signIn('admin');
    for (const [name, path] of emptyScreens) expect.soft(await faultsOf(each, path), name).toEqual([]);
  });
});
