import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Paths of Chromium and Chrome in common distributions. */
const paths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Returns the path of a browser. If this machine has none, says so on standard error and returns undefined. */
export function findBrowser(): string | undefined {
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) process.stderr.write('skipped: this machine has no Chromium\n');
  return path;
}

export function startBrowser(executablePath: string): Promise<Browser> {
  // Chromium cannot use its sandbox in containers, and the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
