import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where distributions put Chromium, and Chrome. */
const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine. Undefined if it has none, which is said. */
export function findBrowser(): string | undefined {
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) process.stderr.write('skipped: this machine has no Chromium\n');
  return path;
}

export function startBrowser(executablePath: string): Promise<Browser> {
  // Containers do not give Chromium what its sandbox needs; the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
