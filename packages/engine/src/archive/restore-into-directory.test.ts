import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { type DirectoryToMove, fill, makeDirectoryToMove } from '../testing/catalogue-to-move.ts';
import { backUpCatalogue } from './back-up-catalogue.ts';
import { restoreCatalogue } from './restore-catalogue.ts';

const signal = new AbortController().signal;
const key = Buffer.alloc(32, 7).toString('base64');

let made: DirectoryToMove;
let directory: string;
let archive: string;
let restored: string;
beforeEach(async () => {
  made = await makeDirectoryToMove();
  ({ directory } = made);
  archive = join(made.root, 'catalogue.archive.gz');
  restored = join(made.root, 'restored');
  await fill(directory);
});
afterEach(() => made[Symbol.dispose]());

function backUp(withKey: boolean) {
  const options = {
    output: archive,
    replace: false,
    withKey,
    secretKey: null,
    release: '0.1.0',
    signal,
    onRows: () => {},
  };
  return backUpCatalogue({ from: directory, ...options });
}

function restore() {
  const options = { archive, to: restored, secretKey: null, command: null, signal, onRows: () => {} };
  return restoreCatalogue(options);
}

test('a restore keeps a key that is not that of the archive', async () => {
  await backUp(true);
  mkdirSync(restored);
  writeFileSync(join(restored, 'lock.sqlite'), '');
  writeFileSync(join(restored, 'secret.key'), `${key}\n`);
  await expect(restore()).rejects.toMatchObject({
    ...{ name: 'DataDirectoryError', message: expect.stringContaining('secret.key is not the key in the archive') },
  });
  expect(readFileSync(join(restored, 'secret.key'), 'utf8')).toBe(`${key}\n`);
  expect(existsSync(join(restored, 'catalogue.sqlite'))).toBe(false);
  rmSync(join(restored, 'secret.key'));
  expect(await restore()).toMatchObject({ key: 'written' });
  expect(readFileSync(join(restored, 'secret.key'))).toEqual(readFileSync(join(directory, 'secret.key')));
});

test.skipIf(process.geteuid?.() !== 0)('a restore by root gives its files to the owner of the directory', async () => {
  await backUp(true);
  mkdirSync(restored);
  chownSync(restored, 12_345, 12_346);
  await restore();
  const owners = readdirSync(restored).map((name) => [name, statSync(join(restored, name)).uid]);
  expect(owners).toEqual([
    ['catalogue.sqlite', 12_345],
    ['lock.sqlite', 12_345],
    ['secret.key', 12_345],
  ]);
});

test.skipIf(process.geteuid?.() !== 0)('says whose a data directory is that this user cannot lock', async () => {
  await backUp(false);
  await restore();
  chmodSync(made.root, 0o755);
  chownSync(restored, 12_345, 12_345);
  process.seteuid?.(12_345);
  try {
    await expect(openSqliteCatalogue({ directory: restored })).rejects.toMatchObject({
      ...{ name: 'DataDirectoryError', message: expect.stringContaining(`chown -R 12345 ${restored}`) },
    });
  } finally {
    process.seteuid?.(0);
  }
});
