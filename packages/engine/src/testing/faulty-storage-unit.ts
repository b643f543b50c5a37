import { changedWhileRead } from '../storage/bound-range.ts';
import {
  type GetRequest,
  type ObjectContent,
  type ObjectHead,
  type ObjectRequest,
  StorageError,
  type StorageUnit,
} from '../storage/port.ts';

/**
 * A fault of a storage unit, and when it occurs. Pages of listings and reads of objects are counted separately from 1,
 * over all calls.
 */
export type StorageFault =
  | { readonly at: 'page' | 'read'; readonly number: number; readonly error: StorageError }
  /** This read fails, and every later read of the same object. */
  | { readonly at: 'read'; readonly number: number; readonly objectError: StorageError }
  /** Everything fails from then on: credentials expire, or a bucket vanishes. */
  | { readonly at: 'page' | 'read'; readonly number: number; readonly everythingAfter: StorageError }
  /** The object is gone, and no longer listed. */
  | { readonly at: 'read'; readonly number: number; readonly vanishes: true }
  /** The bytes end there, as when a connection breaks. */
  | { readonly at: 'read'; readonly number: number; readonly cutAtByte: number }
  /** No byte arrives after that one until the signal is aborted. */
  | { readonly at: 'read'; readonly number: number; readonly hangAtByte: number }
  /** The bytes arrive one by one. */
  | { readonly at: 'read'; readonly number: number; readonly slow: true }
  /** The object is not the listed one, but has the same size. */
  | { readonly at: 'read'; readonly number: number; readonly changed: true }
  /** Every listing shows nothing. */
  | { readonly at: 'page'; readonly number: number; readonly empty: true };

/** The requests to a unit with a fault. */
export type FaultLog = {
  pages: number;
  reads: number;
  /** The key whose read met the fault; null if none did. */
  faultyKey: string | null;
  /** Number of bytes that this read asked for. */
  faultyBytes: number;
};

/** Wraps a storage unit, lists in pages of `pageEntries`, and injects one fault. */
export function injectFault(
  unit: StorageUnit,
  fault: StorageFault | null,
  pageEntries: number,
): { readonly unit: StorageUnit; readonly log: FaultLog } {
  const log: FaultLog = { pages: 0, reads: 0, faultyKey: null, faultyBytes: 0 };
  let gone: StorageError | null = null;

  function meets(at: StorageFault['at'], number: number): boolean {
    if (gone !== null) throw gone;
    if (fault?.at !== at || fault.number !== number) return false;
    if ('everythingAfter' in fault) gone = fault.everythingAfter;
    if ('error' in fault) throw fault.error;
    if (gone !== null) throw gone;
    return true;
  }

  let vanishedKey: string | null = null;

  async function* repage<Item>(
    pages: AsyncIterable<readonly Item[]>,
    keyOf: (item: Item) => string,
  ): AsyncGenerator<readonly Item[]> {
    for await (const all of pages) {
      const page = all.filter((item) => keyOf(item) !== vanishedKey);
      for (let from = 0; from === 0 || from < page.length; from += pageEntries) {
        log.pages += 1;
        const isEmpty = fault !== null && 'empty' in fault;
        if (!isEmpty) meets('page', log.pages);
        yield isEmpty ? [] : page.slice(from, from + pageEntries);
      }
    }
  }

  async function read<Answer>(request: ObjectRequest, answer: (isFaulty: boolean) => Promise<Answer>): Promise<Answer> {
    log.reads += 1;
    if (fault?.at === 'read' && fault.number === log.reads) log.faultyKey = request.key;
    if (fault !== null && 'objectError' in fault && request.key === log.faultyKey) throw fault.objectError;
    const isFaulty = meets('read', log.reads);
    if (isFaulty && fault !== null && 'vanishes' in fault) vanishedKey = request.key;
    if (request.key === vanishedKey) throw new StorageError('object_not_found', request.key);
    return answer(isFaulty);
  }

  const faulty: StorageUnit = {
    id: unit.id,
    list: (request) => repage(unit.list(request), ({ key }) => key),
    listFolders: (request) => repage(unit.listFolders(request), (folder) => folder),
    get: (request) =>
      read(request, async (isFaulty) => {
        const content = await unit.get(request);
        const { range } = request;
        if (isFaulty) log.faultyBytes = range === undefined ? content.size : range.end - range.start;
        return isFaulty && fault !== null ? spoil(content, fault, request) : content;
      }),
    head: (request) =>
      read(request, async (isFaulty) => {
        const head = await unit.head(request);
        return isFaulty && fault !== null ? await spoilHead(head, fault, request) : head;
      }),
    admit: (request) => unit.admit(request),
    async [Symbol.asyncDispose]() {},
  };
  return { unit: faulty, log };
}

function spoil(content: ObjectContent, fault: StorageFault, { range, signal, key }: GetRequest): ObjectContent {
  if ('changed' in fault) {
    if (range !== undefined) throw changedWhileRead(key);
    return { ...content, etag: 'other', fileIdentity: 'other', modifiedAtMs: content.modifiedAtMs + 1 };
  }
  if ('cutAtByte' in fault) {
    const cut = new StorageError(
      'unreachable',
      `${key}: the answer ended after ${fault.cutAtByte} of ${content.size} bytes`,
    );
    return { ...content, body: bytesUntil(content.body, fault.cutAtByte, () => Promise.reject(cut)) };
  }
  if ('hangAtByte' in fault) {
    return { ...content, body: bytesUntil(content.body, fault.hangAtByte, () => untilAborted(signal)) };
  }
  return { ...content, body: oneByOne(content.body) };
}

/** A head has no body, so that it fails before its first byte or not at all. */
async function spoilHead(head: ObjectHead, fault: StorageFault, { signal, key }: ObjectRequest): Promise<ObjectHead> {
  if ('changed' in fault) return { ...head, etag: 'other', modifiedAtMs: head.modifiedAtMs + 1000 };
  if ('cutAtByte' in fault) throw new StorageError('unreachable', `${key}: the answer was cut`);
  return 'hangAtByte' in fault ? await untilAborted(signal) : head;
}

async function* bytesUntil(
  body: AsyncIterable<Uint8Array>,
  end: number,
  then: () => Promise<never>,
): AsyncGenerator<Uint8Array> {
  let left = end;
  for await (const bytes of body) {
    if (left > 0) yield bytes.subarray(0, left);
    left -= bytes.length;
    if (left <= 0) break;
  }
  await then();
}

async function* oneByOne(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1);
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
