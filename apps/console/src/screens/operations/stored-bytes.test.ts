import { expect, test } from 'vitest';
import { type StoredLink, storedBytesOfChain } from './stored-bytes.ts';

const link = (id: string, parentId: string | null, bytes: number): StoredLink => ({
  id,
  parent_id: parentId,
  backup_sync: { evidence: { stored_bytes: bytes } },
});
const full = link('full', null, 100);
const first = link('first', 'full', 20);
const second = link('second', 'first', 3);

test('a chain is as large as all its links together', () => {
  expect(storedBytesOfChain(second, [second, first, full, link('other', 'full', 5)])).toBe(123);
});

test.each([
  ['an ancestor is not known', second, [second, first]],
  ['records are each other’s parents', link('a', 'b', 1), [link('a', 'b', 1), link('b', 'a', 1)]],
  ['nothing is stored', link('empty', null, 0), []],
])('nothing is said if %s', (_, backup, known) => {
  expect(storedBytesOfChain(backup, known)).toBeNull();
});
