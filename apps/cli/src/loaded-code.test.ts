import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { examples, run, temporaryDirectory } from './testing.ts';

/** Writes the URL of each file that the process loads to the file that `LOADED` names. */
const listing = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      appendFileSync(process.env.LOADED, url + '\\n');
      return next(url, context);
    },
  });
`)}`;

/** The source files of the built files at these URLs. */
async function sourcesOf(addresses: readonly string[]): Promise<readonly string[]> {
  const maps = addresses
    .filter((address) => address.startsWith('file:'))
    .map((address) => `${fileURLToPath(address)}.map`)
    .filter((path) => existsSync(path));
  const sources = maps.map(async (path) => (JSON.parse(await readFile(path, 'utf8')) as { sources: string[] }).sources);
  return (await Promise.all(sources)).flat();
}

test('a command that only reads the catalogue loads no code that proves chains or reads storage', async () => {
  await using home = await temporaryDirectory();
  const loaded = join(home.path, 'loaded');
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
    LOADED: loaded,
  };
  await run(['sync', join(examples, 'sync-request.json')], { environment });
  expect(
    await run(['backups', 'list'], { environment: { ...environment, NODE_OPTIONS: `--import=${listing}` } }),
  ).toMatchObject({ code: 0 });

  const sources = await sourcesOf((await readFile(loaded, 'utf8')).split('\n'));
  expect(sources).toContainEqual(expect.stringContaining('engine/src/calls/backups.ts'));
  const heavy =
    /engine\/src\/(?:chain\/(?:proof\/walked-chain|json|content|replay)|plans\/plan-chains|storage\/[^/]+\/[^/]+-storage-unit|open-embedded-engine)|gateway\/src|configuration\/(?:parse|read|check)|\/yaml\//;
  expect(sources.filter((source) => heavy.test(source))).toEqual([]);
});
