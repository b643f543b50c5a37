import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { openSealOfNodes } from './seal-of-nodes.ts';
import { SecretSeal } from './secret-seal.ts';

const newKey = () => randomBytes(32).toString('base64');

/** A catalogue that several nodes use. Which database has it makes no difference here. */
async function openCatalogue() {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await mkdtempDisposable(join(tmpdir(), 'backup-sync-seal-')));
  const catalogue = opening.use(await openSqliteCatalogue({ directory: join(home.path, 'data'), inPlace: true }));
  const opened = opening.move();
  return { home: home.path, catalogue, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

test('a node without a key, or with an invalid one, is refused', async () => {
  await using opened = await openCatalogue();
  const { catalogue } = opened;
  await expect(openSealOfNodes(null, catalogue)).rejects.toThrow('BACKUP_SYNC_SECRET_KEY is not set. All nodes');
  await expect(openSealOfNodes('c2hvcnQ=', catalogue)).rejects.toThrow('must be 32 bytes in base64');
});

test('nodes with the same key open the secrets of each other; a node with another key is refused by name', async () => {
  await using opened = await openCatalogue();
  const { catalogue } = opened;
  const key = newKey();
  const [one, other] = await Promise.all([openSealOfNodes(key, catalogue), openSealOfNodes(key, catalogue)]);
  expect(await other.unseal(await one.seal('top secret', 'AK1'), 'AK1')).toBe('top secret');
  await expect(openSealOfNodes(newKey(), catalogue)).rejects.toThrow(
    'BACKUP_SYNC_SECRET_KEY contains another key than the one of the other nodes',
  );
  await openSealOfNodes(key, catalogue);
});

test('of two nodes that start together with different keys, one is refused', async () => {
  await using opened = await openCatalogue();
  const started = await Promise.allSettled([newKey(), newKey()].map((key) => openSealOfNodes(key, opened.catalogue)));
  expect(started.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('the first node of a moved catalogue needs the key of the data directory', async () => {
  await using opened = await openCatalogue();
  const { home, catalogue } = opened;
  const sealed = await SecretSeal.open(null, home, async () => []).seal('top secret', 'AK1');
  const moved = {
    ...catalogue,
    identity: {
      ...catalogue.identity,
      listSealedSecrets: async () => [{ owner: 'AK1', sealedSecret: sealed }],
    },
  };
  await expect(openSealOfNodes(newKey(), moved)).rejects.toThrow(
    'the secrets of these access keys cannot be opened: AK1. Set the BACKUP_SYNC_SECRET_KEY that sealed them.',
  );
  const seal = await openSealOfNodes((await readFile(join(home, 'secret.key'), 'utf8')).trim(), moved);
  expect(await seal.unseal(sealed, 'AK1')).toBe('top secret');
});
