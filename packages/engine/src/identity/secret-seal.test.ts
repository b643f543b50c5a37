import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SealedSecret } from '../catalogue/identity-records.ts';
import { SecretKeyError, SecretSeal } from './secret-seal.ts';

/** A seal with these secrets as already sealed. */
function openSeal(key: string | null, directory: string, ...sealed: SealedSecret[]): SecretSeal {
  return SecretSeal.open(key, directory, async () => sealed);
}

test('a sealed secret can be opened for its owner, also in another process, with a private key file', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const sealed = await openSeal(null, home.path).seal('top secret', 'AK1');
  expect(sealed).not.toContain('secret');
  expect(await openSeal(null, home.path).unseal(sealed, 'AK1')).toBe('top secret');
  expect((await stat(join(home.path, 'secret.key'))).mode & 0o777).toBe(0o600);
  expect(await openSeal(null, home.path).seal('top secret', 'AK1')).not.toBe(sealed);
});

test('the first secrets, sealed concurrently, are sealed with one key', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const seal = openSeal(null, home.path);
  const sealed = await Promise.all(Array.from({ length: 20 }, (_, index) => seal.seal(`secret ${index}`, 'AK1')));
  const another = openSeal(null, home.path);
  const read = await Promise.all(sealed.map((each) => another.unseal(each, 'AK1')));
  expect(read).toEqual(sealed.map((_, index) => `secret ${index}`));
  expect(await readdir(home.path)).toEqual(['secret.key']);
});

test('a sealed secret cannot be moved to another owner, altered, or opened with another key', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const seal = openSeal(randomBytes(32).toString('base64'), home.path);
  const sealed = await seal.seal('top secret', 'AK1');
  await expect(seal.unseal(sealed, 'AK2')).rejects.toBeInstanceOf(SecretKeyError);
  await expect(seal.unseal(`A${sealed.slice(1)}B`, 'AK1')).rejects.toBeInstanceOf(SecretKeyError);
  await expect(seal.unseal('', 'AK1')).rejects.toBeInstanceOf(SecretKeyError);
  const other = openSeal(randomBytes(32).toString('base64'), home.path);
  await expect(other.unseal(sealed, 'AK1')).rejects.toThrow('BACKUP_SYNC_SECRET_KEY contains another key');
});

test('a lost key is not replaced while secrets depend on it, and an invalid key is refused', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const sealed = await openSeal(null, home.path).seal('top secret', 'AK1');
  await rm(join(home.path, 'secret.key'));
  await expect(openSeal(null, home.path).unseal(sealed, 'AK1')).rejects.toBeInstanceOf(SecretKeyError);
  await expect(readFile(join(home.path, 'secret.key'))).rejects.toThrow('ENOENT');
  expect(() => openSeal('c2hvcnQ=', home.path)).toThrow('BACKUP_SYNC_SECRET_KEY must be 32 bytes in base64');
});

test('the error names the secrets that the present key does not open, why, and what to do', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const path = join(home.path, 'secret.key');
  const ofFile = { owner: 'AK1', sealedSecret: await openSeal(null, home.path).seal('one', 'AK1') };
  const given = randomBytes(32).toString('base64');
  const ofGiven = { owner: 'AK2', sealedSecret: await openSeal(given, home.path).seal('two', 'AK2') };
  await openSeal(null, home.path).check();
  await openSeal(null, home.path, ofFile).check();
  const remedy = 'disable each with "backup-sync access-keys disable <access-key>"';
  await expect(openSeal(null, home.path, ofFile, ofGiven).check()).rejects.toThrow(remedy);
  await expect(openSeal(null, home.path, ofFile, ofGiven).check()).rejects.toThrow(
    `${path} contains another key, so the secrets of these access keys cannot be opened: AK2. Restore`,
  );
  await writeFile(path, 'no key');
  await expect(openSeal(null, home.path, ofFile).check()).rejects.toThrow(`${path} contains no key`);
  await rm(path);
  await expect(openSeal(null, home.path, ofFile).check()).rejects.toThrow(`${path} does not exist`);
  const many = Array.from({ length: 12 }, (_, index) => ({ ...ofFile, owner: `AK${index}` }));
  await expect(openSeal(null, home.path, ...many).check()).rejects.toThrow('AK8, AK9 and 2 more.');
});

test('nothing is sealed while the present key does not open all secrets, so that one key opens all', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const sealedSecret = await openSeal(null, home.path).seal('one', 'AK1');
  await rm(join(home.path, 'secret.key'));
  const seal = openSeal(null, home.path, { owner: 'AK1', sealedSecret });
  await expect(seal.seal('two', 'AK2')).rejects.toBeInstanceOf(SecretKeyError);
  expect(await readdir(home.path)).toEqual([]);
  const other = openSeal(randomBytes(32).toString('base64'), home.path, { owner: 'AK1', sealedSecret });
  await expect(other.seal('two', 'AK2')).rejects.toThrow('AK1');
});

test('if there is no secret, a random one is opened that belongs to nobody', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-'));
  const [seal, another] = [openSeal(null, home.path), openSeal(null, home.path)];
  expect(await seal.unsealNobodys()).toHaveLength(43);
  await seal.seal('one', 'AK1');
  expect(await seal.unsealNobodys()).toHaveLength(43);
  expect(await seal.unsealNobodys()).not.toBe(await another.unsealNobodys());
});
