import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SecretKeyError, SecretSeal } from './secret-seal.ts';

test('a sealed secret is read again by its owner, in another process too, with a key that is its owner’s alone', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const sealed = await SecretSeal.open(null, home.path).seal('top secret', 'AK1');
  expect(sealed).not.toContain('secret');
  expect(await SecretSeal.open(null, home.path).unseal(sealed, 'AK1')).toBe('top secret');
  expect((await stat(join(home.path, 'secret.key'))).mode & 0o777).toBe(0o600);
  expect(await SecretSeal.open(null, home.path).seal('top secret', 'AK1')).not.toBe(sealed);
});

test('secrets that are the first to be sealed, many at once, are sealed with one key', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const seal = SecretSeal.open(null, home.path);
  const sealed = await Promise.all(Array.from({ length: 20 }, (_, index) => seal.seal(`secret ${index}`, 'AK1')));
  const another = SecretSeal.open(null, home.path);
  const read = await Promise.all(sealed.map((each) => another.unseal(each, 'AK1')));
  expect(read).toEqual(sealed.map((_, index) => `secret ${index}`));
  expect(await readdir(home.path)).toEqual(['secret.key']);
});

test('it cannot be put in another’s place, altered, or opened with another key', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const seal = SecretSeal.open(randomBytes(32).toString('base64'), home.path);
  const sealed = await seal.seal('top secret', 'AK1');
  await expect(seal.unseal(sealed, 'AK2')).rejects.toBeInstanceOf(SecretKeyError);
  await expect(seal.unseal(`A${sealed.slice(1)}B`, 'AK1')).rejects.toBeInstanceOf(SecretKeyError);
  await expect(seal.unseal('', 'AK1')).rejects.toBeInstanceOf(SecretKeyError);
  const other = SecretSeal.open(randomBytes(32).toString('base64'), home.path);
  await expect(other.unseal(sealed, 'AK1')).rejects.toThrow('make another access key');
});

test('a key that was lost is not made anew behind what it sealed, and one that is no key is refused', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const sealed = await SecretSeal.open(null, home.path).seal('top secret', 'AK1');
  await rm(join(home.path, 'secret.key'));
  await expect(SecretSeal.open(null, home.path).unseal(sealed, 'AK1')).rejects.toBeInstanceOf(SecretKeyError);
  await expect(readFile(join(home.path, 'secret.key'))).rejects.toThrow('ENOENT');
  expect(() => SecretSeal.open('c2hvcnQ=', home.path)).toThrow('BACKUP_SYNC_SECRET_KEY must hold 32 bytes in base64');
});
