import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

/** Paths of Chromium and Chrome in common distributions. */
const systemPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const require = createRequire(import.meta.url);
const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url));

/** File with the directories of fonts, in the unpacked directory. */
const fontList = 'fonts.conf';

/** A browser of this machine: its program, and the variables that it needs. */
export type FoundBrowser = { readonly program: string; readonly variables: Readonly<Record<string, string>> };

/**
 * Finds a Chromium: the one of the variable CHROMIUM, else the one of the system, else the one of the npm package
 * `@sparticuz/chromium`. If there is none, says so on standard error and returns null.
 */
export async function findBrowser(): Promise<FoundBrowser | null> {
  const { CHROMIUM: chosen = '' } = env;
  if (chosen !== '') {
    if (!existsSync(chosen)) throw new Error(`CHROMIUM names ${chosen}, which does not exist: correct it or unset it`);
    return { program: chosen, variables: {} };
  }
  const installed = systemPaths.find((each) => existsSync(each));
  if (installed !== undefined) return { program: installed, variables: {} };
  if (platform === 'linux' && process.arch === 'x64') return await unpackBrowser();
  const place = `${platform} on ${process.arch}`;
  process.stderr.write(`skipped: no Chromium is installed, and npm has none for ${place}: set CHROMIUM to its path\n`);
  return null;
}

/** Starts a browser. Chromium cannot use its sandbox in containers, and the pages are our own. */
export function startBrowser(found: FoundBrowser | null): Promise<Browser> {
  if (found === null) throw new Error('this machine has no Chromium: set CHROMIUM to the path of one');
  return chromium.launch({
    executablePath: found.program,
    args: ['--no-sandbox'],
    env: { ...(env as Record<string, string>), ...found.variables },
  });
}

/**
 * Unpacks the browser of the npm package once for each of its versions, with the libraries and the font in it, so that
 * it starts on a system that has only Node. Takes 5 seconds and 220 MB.
 */
export async function unpackBrowser(): Promise<FoundBrowser> {
  const manifest = join(dirname(require.resolve('@sparticuz/chromium')), '../package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly version: string };
  const home = join(cache, `chromium-${version}`);
  if (!existsSync(home)) {
    await mkdir(cache, { recursive: true });
    const fresh = await mkdtemp(`${home}-`);
    await unpackInto(fresh);
    await writeFile(join(fresh, fontList), fontListOf(home));
    try {
      // Other processes see all files or none.
      await rename(fresh, home);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      // Another process may have been faster.
      if (!existsSync(home)) throw error;
    }
  }
  return {
    program: join(home, 'chromium'),
    variables: { LD_LIBRARY_PATH: join(home, 'al2023', 'lib'), FONTCONFIG_FILE: join(home, fontList) },
  };
}

/**
 * Unpacks the package's files. The package does so into the directory for temporary files, where it would also take a
 * program that another user has left, so it gets one of its own. It unpacks libraries only on the system that the
 * variable stands for.
 */
async function unpackInto(directory: string): Promise<void> {
  const script = "import chromium from '@sparticuz/chromium'; await chromium.executablePath();";
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    env: { ...env, TMPDIR: directory, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' },
  });
}

/** Lists the fonts that the browser uses: those of the system, and the one of the package if the system has none. */
function fontListOf(home: string): string {
  const directories = ['/usr/share/fonts', '/usr/local/share/fonts', join(home, 'fonts')];
  const list = directories.map((each) => `<dir>${each}</dir>`).join('');
  return `<?xml version="1.0"?><fontconfig>${list}<cachedir>${join(home, 'cache')}</cachedir></fontconfig>\n`;
}
