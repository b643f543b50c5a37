import { type Backup, describeReason, type ReasonCode } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { picturesOf } from './chain-layout.ts';
import { aboutPicture, linkOf, relativesOf, stateOf } from './recorded-link.ts';

type Given = { readonly parentId?: string | null; readonly incremental?: boolean | null; readonly code?: ReasonCode };

/** The fields of a record that the picture reads. */
function backup(id: string, { parentId = null, incremental = parentId !== null, code }: Given = {}): Backup {
  const proof = {
    taken_at: '2026-03-01T12:00:00.000000',
    evidence: { stored_bytes: 100 },
    reason: code === undefined ? null : describeReason(code, ''),
  };
  const record = { id, parent_id: parentId, incremental, status: code === undefined ? 'available' : 'error' };
  return { ...record, backup_sync: proof } as Backup;
}

describe('linkOf', () => {
  test.each<[ReasonCode, string]>([
    ['object_missing', 'own'],
    ['parent_ambiguous', 'own'],
    ['parent_broken', 'parent'],
    ['parent_missing', 'parent'],
    ['vanished', 'own'],
    ['incomplete', 'unread'],
    ['archived', 'unread'],
    ['encrypted_customer_key', 'unread'],
    ['access_denied', 'unread'],
    ['storage_unreachable', 'unread'],
    ['storage_secret_wrong', 'unread'],
    ['format_unknown', 'unread'],
  ])('the fault of %s is of: %s', (code, fault) => {
    expect(linkOf(backup('b', { parentId: 'a', code })).fault).toBe(fault);
  });

  test('an available backup has no fault', () => {
    expect(linkOf(backup('a')).fault).toBeNull();
  });

  test('a backup of which it is not known is an increment if it names a parent', () => {
    expect(linkOf(backup('b', { parentId: 'a', incremental: null })).isIncrement).toBe(true);
    expect(linkOf(backup('a', { incremental: null })).isIncrement).toBe(false);
  });
});

describe('stateOf', () => {
  function states(backups: readonly Backup[]): Record<string, string> {
    const places = picturesOf(backups.map(linkOf)).flatMap((picture) => picture.places);
    const links = new Map(places.map(({ link }) => [link.id, link]));
    return Object.fromEntries(
      places.map((place) => [place.link.id, stateOf(place, links.get(place.dependsOnId ?? ''))]),
    );
  }

  test('what builds on a backup that cannot be read waits, and is not broken', () => {
    const backups = [
      backup('a', { code: 'archived' }),
      backup('b', { parentId: 'a', code: 'parent_broken' }),
      backup('c', { parentId: 'b' }),
    ];
    expect(states(backups)).toEqual({ a: 'unread', b: 'waiting', c: 'waiting' });
  });

  test('what builds on a broken backup depends on it, even if it cannot be read itself', () => {
    const backups = [
      backup('a'),
      backup('b', { parentId: 'a', code: 'object_missing' }),
      backup('c', { parentId: 'b', code: 'access_denied' }),
    ];
    expect(states(backups)).toEqual({ a: 'whole', b: 'broken', c: 'dependent' });
  });

  test('what needs a missing parent is not whole, even if the parent is not known', () => {
    expect(states([backup('b', { parentId: 'gone', code: 'parent_missing' })])).toEqual({ b: 'dependent' });
    expect(states([backup('b', { incremental: true, code: 'parent_missing' })])).toEqual({ b: 'broken' });
  });
});

describe('aboutPicture', () => {
  function abouts(backups: readonly Backup[]): readonly string[] {
    return picturesOf(backups.map(linkOf)).map(aboutPicture);
  }

  test.each<[string, readonly Backup[], string]>([
    ['a whole chain', [backup('a'), backup('b', { parentId: 'a' })], '1 full backup, 1 increment, 1 Mar 2026'],
    [
      'a chain of which the parent is not loaded',
      [backup('b', { parentId: 'a' }), backup('c', { parentId: 'b' })],
      '2 increments whose parent is not listed here, 1 Mar 2026',
    ],
    ['an unknown parent', [backup('b', { incremental: true })], '1 increment, parent unknown, 1 Mar 2026'],
    [
      'a circle',
      [backup('a', { parentId: 'b' }), backup('b', { parentId: 'a' })],
      '2 increments without a full backup, 1 Mar 2026',
    ],
  ])('says what it is: %s', (_what, backups, about) => {
    expect(abouts(backups)).toEqual([about]);
  });
});

describe('relativesOf', () => {
  function relatives(backups: readonly Backup[], id: string) {
    return relativesOf(
      picturesOf(backups.map(linkOf)).flatMap(({ places }) => places),
      id,
    );
  }
  const chain = [
    backup('a'),
    backup('b', { parentId: 'a' }),
    backup('c', { parentId: 'b' }),
    backup('d', { parentId: 'c' }),
    backup('side', { parentId: 'b' }),
  ];

  test('a verification reads the backup and its ancestors', () => {
    expect(relatives(chain, 'c')).toMatchObject({ links: 3, storedBytes: 300, isComplete: true });
  });

  test('what is built on a backup is counted in all branches', () => {
    const { children, descendants } = relatives(chain, 'b');
    expect(children.map(({ id }) => id).sort()).toEqual(['c', 'side']);
    expect(descendants).toBe(3);
  });

  test('without the full backup, the size of the chain is not known', () => {
    expect(relatives(chain.slice(1), 'd')).toMatchObject({ links: 3, isComplete: false });
  });
});
