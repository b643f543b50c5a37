import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../key-order.ts';
import { type ListRequest, type ObjectEntry, StorageError, type StorageUnit } from '../port.ts';
import { listInRanges } from './list-in-ranges.ts';

/** Small enough that listings of a few pages have many ranges. */
const limits = { pagesBefore: 2, keysBefore: 0, pagesAtOnce: 4, pagesAhead: 10, pagesOfRange: 2 };
const never = new AbortController().signal;

/** A store under test. */
type Store = {
  /** In the order in which the store lists them. */
  readonly keys: readonly string[];
  readonly pageEntries: number;
  /** Whether a key is listed after another that a listing starts after. */
  readonly isAfter: (key: string, start: string) => boolean;
  /** Turns of the event loop that each page takes, over and over. */
  readonly turns: readonly number[];
  /** Called with the number of the page, from 1, and its start. May throw. */
  readonly beforePage?: (number: number, after: string | undefined) => void;
};

const ordered = { isAfter: (key: string, start: string) => compareKeys(key, start) > 0 };

function openStore({ keys, pageEntries, isAfter, turns, beforePage = () => {} }: Store) {
  const log = { pages: 0, atOnce: 0, atOnceMax: 0, atOnceSum: 0, listings: 0, signals: [] as AbortSignal[] };
  const refuse = () => Promise.reject(new Error('only listings are requested'));
  async function* list({ prefix, after, signal }: ListRequest): AsyncGenerator<readonly ObjectEntry[]> {
    log.listings += 1;
    if (signal !== undefined) log.signals.push(signal);
    const listed = keys.filter((key) => key.startsWith(prefix) && (after === undefined || isAfter(key, after)));
    for (let from = 0; from === 0 || from < listed.length; from += pageEntries) {
      log.pages += 1;
      log.atOnce += 1;
      log.atOnceSum += log.atOnce;
      log.atOnceMax = Math.max(log.atOnceMax, log.atOnce);
      try {
        const number = log.pages;
        for (let turn = turns[number % turns.length] ?? 0; turn > 0; turn -= 1) await new Promise(setImmediate);
        signal?.throwIfAborted();
        beforePage(number, after);
      } finally {
        log.atOnce -= 1;
      }
      yield listed
        .slice(from, from + pageEntries)
        .map((key) => ({ key, size: 1, etag: null, modifiedAtMs: 0, archived: false }));
    }
  }
  const unit: StorageUnit = {
    id: 'store',
    listsRanges: true,
    list,
    async *listFolders() {},
    get: refuse,
    head: refuse,
    admit: refuse,
    async [Symbol.asyncDispose]() {},
  };
  return { unit, log };
}

/** Reads a listing up to its end or failure. */
async function read(unit: StorageUnit, prefix = '', after?: string) {
  const keys: string[] = [];
  try {
    const request = { bucket: 'b', prefix, ...(after !== undefined && { after }) };
    for await (const page of unit.list(request)) keys.push(...page.map(({ key }) => key));
    return { keys, error: null };
  } catch (error) {
    return { keys, error };
  }
}

const character = fc.constantFrom(
  '0',
  '1',
  '2',
  '9',
  'a',
  'f',
  '/',
  '-',
  'é',
  '\uD7FF',
  '\uE000',
  '\uFF5E',
  '\u{1F600}',
  '\u{10FFFF}',
);
const anyKey = fc.oneof(
  fc.string({ unit: character, minLength: 1, maxLength: 6 }),
  // Keys that are dense in one place and sparse in another.
  fc
    .tuple(fc.constantFrom('a/', 'b/', 'b/c/'), fc.nat({ max: 300 }))
    .map(([folder, number]) => `${folder}${String(number).padStart(3, '0')}`),
  fc.nat({ max: 2 ** 20 }).map((number) => `f/${number.toString(16).padStart(5, '0')}`),
);
const anyKeys = fc.uniqueArray(anyKey, { minLength: 0, maxLength: 120, size: 'max' });
const paging = {
  pageEntries: fc.integer({ min: 1, max: 7 }),
  turns: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 5 }),
};

describe('a listing in ranges', () => {
  test('equals the listing of one range, whatever the keys, the pages and the order of the answers', async () => {
    let rangesMax = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          keys: anyKeys,
          ...paging,
          prefix: fc.constantFrom('', 'b/', 'f'),
          after: fc.option(anyKey, { nil: undefined }),
          pagesAhead: fc.integer({ min: 1, max: 10 }),
        }),
        async ({ keys, prefix, after, pagesAhead, ...store }) => {
          const { unit, log } = openStore({ ...store, ...ordered, keys: keys.toSorted(compareKeys) });
          const serial = await read(unit, prefix, after);
          const { listings } = log;
          const ranged = listInRanges(unit, never, { ...limits, pagesAhead });
          expect(await read(ranged, prefix, after)).toEqual(serial);
          rangesMax = Math.max(rangesMax, log.listings - listings);
          expect(log.atOnceMax).toBeLessThanOrEqual(limits.pagesAtOnce + 1);
        },
      ),
      { numRuns: 100 },
    );
    expect(rangesMax).toBeGreaterThan(5);
  });

  test('with a failing page is never taken for complete unless it is, and shows nothing beyond the failure', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ keys: anyKeys, ...paging, fails: fc.nat({ max: 40 }) }),
        async ({ keys, fails, ...store }) => {
          const sorted = keys.toSorted(compareKeys);
          const fault = new StorageError('unreachable', 'no answer');
          let hasFailed = false;
          const beforePage = (number: number) => {
            if (number !== fails) return;
            hasFailed = true;
            throw fault;
          };
          const { unit } = openStore({ ...store, ...ordered, keys: sorted, beforePage });
          const listed = await read(listInRanges(unit, never, limits));
          expect(listed.keys).toEqual(sorted.slice(0, listed.keys.length));
          if (listed.error === null) expect(listed.keys).toEqual(sorted);
          else expect([hasFailed, listed.error]).toEqual([true, fault]);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('fails if every request behind a key fails', async () => {
    const keys = numbered(100);
    const fault = new StorageError('access_denied', 'not for you');
    const beforePage = (_: number, after: string | undefined) => {
      if (after !== undefined && after > '000050') throw fault;
    };
    const { unit } = openStore({ keys, pageEntries: 2, turns: [1], ...ordered, beforePage });
    const listed = await read(listInRanges(unit, never, limits));
    expect(listed.error).toBe(fault);
    expect(listed.keys.length).toBeGreaterThan(40);
    expect(listed.keys).toEqual(keys.slice(0, listed.keys.length));
  });

  test.each([
    ['says so', true],
    ['does not notice', false],
  ])('is one range if the service ignores where a listing starts and %s', async (_, says) => {
    await fc.assert(
      fc.asyncProperty(fc.record({ keys: anyKeys, ...paging }), async ({ keys, ...store }) => {
        const sorted = keys.toSorted(compareKeys);
        const beforePage = (_number: number, after: string | undefined) => {
          if (says && after !== undefined) throw new StorageError('start_ignored', after);
        };
        const { unit, log } = openStore({ ...store, keys: sorted, isAfter: () => true, beforePage });
        expect(await read(listInRanges(unit, never, limits))).toEqual({ keys: sorted, error: null });
        expect(log.listings).toBeLessThanOrEqual(limits.pagesAhead);
      }),
      { numRuns: 100 },
    );
  });

  test('is one range if the keys are out of order from the beginning', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ keys: fc.uniqueArray(anyKey, { minLength: 2, maxLength: 60 }), ...paging }),
        async ({ keys, ...store }) => {
          fc.pre(compareKeys(keys[0] ?? '', keys[1] ?? '') > 0);
          const { unit, log } = openStore({ ...store, ...ordered, keys });
          expect(await read(listInRanges(unit, never, limits))).toEqual({ keys, error: null });
          expect(log.listings).toBe(1);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of a service that sorts by UTF-16 is complete or fails, and shows no key twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record({ keys: anyKeys, ...paging }), async ({ keys, ...store }) => {
        const sorted = keys.toSorted();
        const { unit } = openStore({ ...store, keys: sorted, isAfter: (key, start) => key > start });
        const listed = await read(listInRanges(unit, never, limits));
        expect(new Set(listed.keys).size).toBe(listed.keys.length);
        if (listed.error === null) expect(listed.keys).toEqual(sorted);
        else expect(listed.error).toMatchObject({ code: 'unreachable' });
      }),
      { numRuns: 100 },
    );
  });

  test('ends as one range if a range does not list what the one before has seen', async () => {
    // From a start, this service leaves out the next few keys.
    const keys = numbered(200);
    const isAfter = (key: string, start: string) => Number(key) > Number(start) + 3;
    const { unit, log } = openStore({ keys, pageEntries: 3, turns: [1], isAfter });
    expect(await read(listInRanges(unit, never, limits))).toEqual({ keys, error: null });
    expect(log.listings).toBeGreaterThan(1);
  });

  test('makes no request ahead of the reader in its first pages', async () => {
    const { unit, log } = openStore({ keys: numbered(100), pageEntries: 1, turns: [0], ...ordered });
    let pages = 0;
    for await (const _ of listInRanges(unit, never, limits).list({ bucket: 'b', prefix: '' })) {
      pages += 1;
      expect(log.pages).toBe(pages);
      if (pages === limits.pagesBefore) break;
    }
  });

  test('stays a bounded number of pages ahead of a slow reader, and ends its requests when the reader leaves', async () => {
    const { unit, log } = openStore({ keys: numbered(1000), pageEntries: 1, turns: [1], ...ordered });
    let pages = 0;
    for await (const _ of listInRanges(unit, never, limits).list({ bucket: 'b', prefix: '' })) {
      pages += 1;
      for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
      // The end of each range lists a page that the next range lists again.
      expect(log.pages - pages).toBeLessThanOrEqual(2 * limits.pagesAhead + pages);
      if (pages === 50) break;
    }
    // The first range has the signal of the request.
    expect(log.signals.slice(1).filter(({ aborted }) => !aborted)).toEqual([]);
    const { pages: listed } = log;
    for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
    expect(log.pages).toBe(listed);
    expect(log.atOnce).toBe(0);
  });

  test('throws the reason of its signal', async () => {
    const { unit } = openStore({ keys: numbered(1000), pageEntries: 1, turns: [1], ...ordered });
    const leaving = new AbortController();
    const reading = (async () => {
      let pages = 0;
      const request = { bucket: 'b', prefix: '', signal: leaving.signal };
      for await (const _ of listInRanges(unit, never, limits).list(request)) {
        pages += 1;
        if (pages === 20) leaving.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
  });

  test.each([
    ['numbers', numbered(2_500)],
    ['random UUIDs in folders', folders(100, 50)],
    ['hashes in two levels of folders', hashes(2_500)],
    ['few folders of many numbers', folders(3, 1_000)],
  ])('requests many pages at the same time and few in vain, for %s', async (_, keys) => {
    const { unit, log } = openStore({ keys, pageEntries: 5, turns: [3], ...ordered });
    const usual = { pagesBefore: 8, keysBefore: 100, pagesAtOnce: 16, pagesAhead: 80, pagesOfRange: 4 };
    expect((await read(listInRanges(unit, never, usual))).keys).toEqual(keys);
    const pages = keys.length / 5;
    expect(log.atOnceSum / log.pages).toBeGreaterThan(4);
    expect(log.pages).toBeLessThan(1.4 * pages);
  });
});

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(6, '0'));
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Keys of this many volumes with random ids and this many objects each, at most. */
function folders(volumes: number, objects: number): string[] {
  const keys = Array.from({ length: volumes }, (_, volume) => {
    const id = hash(`volume ${volume}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    const count = 1 + (Number.parseInt(hash(id).slice(0, 6), 16) % objects);
    return Array.from(
      { length: count },
      (_, at) => `volume_${id}/20260301020000/az_nova_backup_${id}-${String(at + 1).padStart(5, '0')}`,
    );
  });
  return keys.flat().sort();
}

function hashes(count: number): string[] {
  return Array.from({ length: count }, (_, index) => hash(String(index)))
    .map(
      (checksum) =>
        `backupstore/volumes/ab/cd/pvc/blocks/${checksum.slice(0, 2)}/${checksum.slice(2, 4)}/${checksum}.blk`,
    )
    .sort();
}
