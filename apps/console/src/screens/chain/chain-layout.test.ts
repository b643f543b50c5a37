import { describe, expect, test } from 'vitest';
import type { ChainLink } from './chain-forest.ts';
import { type Picture, picturesOf } from './chain-layout.ts';

type Faults = Pick<Partial<ChainLink>, 'fault'>;

function full(id: string, takenAtMs: number, { fault = null }: Faults = {}): ChainLink {
  return { id, parentId: null, isIncrement: false, takenAtMs, fault };
}

function increment(id: string, parentId: string | null, takenAtMs: number, { fault = null }: Faults = {}): ChainLink {
  return { id, parentId, isIncrement: true, takenAtMs, fault };
}

/** Each row of a picture, with the ids of its links by column. */
function drawn(picture: Picture<ChainLink> | undefined): string[] {
  if (picture === undefined) throw new Error('there is no such picture');
  const rows = Array.from({ length: picture.rows }, () => Array.from({ length: picture.columns }, () => '-'));
  for (const { link, row, column } of picture.places) {
    const cells = rows[row];
    expect(cells?.[column], `place of ${link.id}`).toBe('-');
    if (cells !== undefined) cells[column] = link.id;
  }
  return rows.map((cells) => cells.join(' '));
}

function drawnAll(links: readonly ChainLink[]): string[][] {
  return picturesOf(links).map(drawn);
}

describe('places', () => {
  test('a chain runs from its full backup to the right, whatever the order of the list', () => {
    expect(drawnAll([increment('c', 'b', 3), full('a', 1), increment('b', 'a', 2)])).toEqual([['a b c']]);
  });

  test('branches are below, and the newest backup is in the first row', () => {
    const links = [
      full('a', 1),
      increment('b', 'a', 2),
      increment('c', 'b', 3),
      increment('d', 'c', 4),
      increment('B', 'a', 9),
      increment('C', 'B', 10),
    ];
    expect(drawnAll(links)).toEqual([['a B C -', '- b c d']]);
  });

  test('branches share a row if there is room, and never cover the edge to another', () => {
    const line = Array.from({ length: 8 }, (_, index) =>
      index === 0 ? full('0', 0) : increment(String(index), String(index - 1), 100 + index),
    );
    const links = [...line, increment('x', '0', 10), increment('y', '2', 10), increment('z', '1', 10)];
    expect(drawnAll(links)).toEqual([['0 1 2 3 4 5 6 7', '- x - y - - - -', '- - z - - - - -']]);
  });

  test('a branch of a branch is below it', () => {
    const links = [
      full('a', 1),
      increment('b', 'a', 9),
      increment('c', 'a', 5),
      increment('d', 'c', 6),
      increment('e', 'c', 4),
    ];
    expect(drawnAll(links)).toEqual([['a b -', '- c d', '- - e']]);
  });

  test('differential backups of one full backup are below each other, the newest first', () => {
    const links = [full('a', 1), increment('b', 'a', 2), increment('c', 'a', 3), increment('d', 'a', 4)];
    expect(drawnAll(links)).toEqual([['a d', '- c', '- b']]);
  });

  test('chains with the newest backup are first', () => {
    const links = [full('a', 1), increment('b', 'a', 9), full('c', 5), increment('d', 'c', 6)];
    expect(drawnAll(links)).toEqual([['a b'], ['c d']]);
  });

  test('full backups without increments that follow each other share a picture, oldest first', () => {
    const links = [full('a', 1), full('b', 2), full('c', 3), increment('d', 'c', 4), full('e', 5), full('f', 6)];
    expect(drawnAll(links)).toEqual([['e f'], ['c d'], ['a b']]);
  });

  test('two full backups of the same time are in the same order whatever the list', () => {
    const links = [full('a', 1), full('b', 1)];
    expect(drawnAll(links)).toEqual([['a b']]);
    expect(drawnAll(links.toReversed())).toEqual([['a b']]);
  });

  test('without a backup there is no picture', () => {
    expect(picturesOf([])).toEqual([]);
  });
});

describe('parents that are not there', () => {
  test('the place of a parent that is not listed stays free, and its id is known', () => {
    const [picture] = picturesOf([increment('b', 'gone', 2), increment('c', 'b', 3)]);
    expect(drawn(picture)).toEqual(['- b c']);
    expect(picture).toMatchObject({ start: 'parentNotListed', missingParentId: 'gone' });
  });

  test('an increment whose parent is unknown is no full backup', () => {
    const [picture] = picturesOf([increment('b', null, 2)]);
    expect(drawn(picture)).toEqual(['- b']);
    expect(picture).toMatchObject({ start: 'parentUnknown', missingParentId: null });
  });

  test('parents in a circle begin at the oldest, with all that leads into it', () => {
    const [picture, ...others] = picturesOf([
      increment('tail', 'c', 7),
      increment('c', 'b', 3),
      increment('a', 'c', 1),
      increment('b', 'a', 2),
    ]);
    expect(drawn(picture)).toEqual(['a b c tail']);
    expect(picture?.start).toBe('circle');
    expect(others).toEqual([]);
  });

  test('a backup that names itself as its parent is shown once', () => {
    expect(drawnAll([increment('a', 'a', 1), increment('a', 'a', 1)])).toEqual([['a']]);
  });

  test.each(['__proto__', 'constructor', '', '../..', '<img src=x>', '\u202Eabc'])(
    '%j is an id like any other',
    (id) => {
      expect(drawnAll([full(id, 1), increment('b', id, 2)])).toEqual([[`${id} b`]]);
    },
  );
});

describe('what depends on a broken link', () => {
  function dependences(links: readonly ChainLink[]): Record<string, string | null> {
    const places = picturesOf(links).flatMap((picture) => picture.places);
    return Object.fromEntries(places.map(({ link, dependsOnId }) => [link.id, dependsOnId]));
  }

  test('are its descendants in all branches, each by the nearest broken one', () => {
    const links = [
      full('a', 1),
      increment('b', 'a', 2, { fault: 'own' }),
      increment('c', 'b', 3, { fault: 'parent' }),
      increment('d', 'c', 4, { fault: 'own' }),
      increment('e', 'd', 5),
      increment('side', 'b', 3),
      increment('whole', 'a', 3),
    ];
    expect(dependences(links)).toEqual({ a: null, b: null, c: 'b', d: 'b', e: 'd', side: 'b', whole: null });
  });

  test('is the first link, if a parent is missing that it needs', () => {
    const links = [increment('b', 'gone', 2, { fault: 'parent' }), increment('c', 'b', 3)];
    expect(dependences(links)).toEqual({ b: 'gone', c: 'gone' });
  });

  test('depends rather on a broken link than on one that could not be read', () => {
    const links = [
      full('a', 1, { fault: 'own' }),
      increment('b', 'a', 2, { fault: 'unread' }),
      increment('c', 'b', 3, { fault: 'parent' }),
    ];
    expect(dependences(links)).toEqual({ a: null, b: 'a', c: 'a' });
  });

  test('depends on a link that could not be read, if none is broken', () => {
    const links = [full('a', 1, { fault: 'unread' }), increment('b', 'a', 2), increment('c', 'b', 3)];
    expect(dependences(links)).toEqual({ a: null, b: 'a', c: 'a' });
  });

  test('is nothing, if only the record of a parent was deleted', () => {
    expect(dependences([increment('b', 'forgotten', 2)])).toEqual({ b: null });
  });
});

describe('size', () => {
  const shapes: Readonly<Record<string, (index: number) => string | null>> = {
    'one line': (index) => (index === 0 ? null : String(index - 1)),
    'one parent': (index) => (index === 0 ? null : '0'),
    'a branch at each link': (index) => (index === 0 ? null : String(Math.max(0, index - 2))),
    'one circle': (index) => String((index + 999) % 1000),
    'many circles': (index) => String(index % 2 === 0 ? index + 1 : index - 1),
    'no parents at all': (index) => `gone-${index}`,
  };

  test.each(Object.keys(shapes))('each of a thousand links has its place: %s', (shape) => {
    const parentOf = shapes[shape];
    const links = Array.from({ length: 1000 }, (_, index) =>
      increment(String(index), parentOf?.(index) ?? null, index),
    );
    const pictures = picturesOf(links);
    expect(new Set(pictures.flatMap(({ places }) => places.map(({ link }) => link.id))).size).toBe(1000);
    for (const picture of pictures) drawn(picture);
  });
});
