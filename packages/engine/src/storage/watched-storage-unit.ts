import {
  type GetRequest,
  isOutageFailure,
  type ListFoldersRequest,
  type ObjectContent,
  StorageError,
  type StorageUnit,
} from './port.ts';

/** Kind of a wait: for the answer to a request, such as a page of a listing, or for the next bytes of an object. */
export type StorageWait = 'answer' | 'bytes';

/**
 * The end of a wait.
 *
 * - `answered`: storage answered, even if only with a refusal;
 * - an error: storage did not answer;
 * - `nothing`: the wait says nothing about storage, because it was abandoned or there was nothing left to request.
 */
export type WaitOutcome = 'answered' | 'nothing' | StorageError;

type EndWait = (outcome: WaitOutcome, answerBytes?: number) => Promise<void> | undefined;

/** About how much memory an entry of a listing takes, in bytes, once it is condensed. */
const entryBytes = 64;

/** Observes each wait for storage. */
export interface StorageWatcher {
  /**
   * Called when a wait begins. `subject` is the prefix of the listing or the key of the object.
   *
   * The returned function is called once when the wait ends, with about how much memory the answer takes, in bytes. If
   * it returns a promise, the work continues after that.
   */
  begin(bucketName: string, subject: string, wait: StorageWait): EndWait;
}

/** A wait with its bucket and subject. */
type Watched = { readonly bucket: string; readonly subject: string; readonly wait: StorageWait };

/**
 * Wraps a storage unit so that a watcher sees each wait. A wait ends as soon as its signal is aborted (`stopping` if
 * the request has none), because a hanging network mount ignores signals. Closing the wrapper leaves `unit` open.
 */
export function watchRequests(unit: StorageUnit, watcher: StorageWatcher, stopping: AbortSignal): StorageUnit {
  async function watch<Answer>(
    { bucket, subject, wait }: Watched,
    work: Promise<Answer>,
    signal: AbortSignal,
    outcomeOf: (answer: Answer) => WaitOutcome = () => 'answered',
    bytesOf: (answer: Answer) => number = () => 0,
  ): Promise<Answer> {
    const end = watcher.begin(bucket, subject, wait);
    let answer: Answer;
    try {
      answer = await unlessAborted(work, signal);
    } catch (error) {
      await end(outcomeOfError(error));
      throw error;
    }
    await end(outcomeOf(answer), bytesOf(answer));
    return answer;
  }

  async function* watchEach<Item extends { readonly length: number }>(
    items: AsyncIterable<Item>,
    partBytes: number,
    watched: Watched,
    signal: AbortSignal,
  ): AsyncGenerator<Item> {
    const iterator = items[Symbol.asyncIterator]();
    const outcomeOf = ({ done }: IteratorResult<Item>) => (done === true ? 'nothing' : 'answered');
    const bytesOf = (step: IteratorResult<Item>) => (step.done === true ? 0 : step.value.length * partBytes);
    try {
      while (true) {
        const step = await watch(watched, iterator.next(), signal, outcomeOf, bytesOf);
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      const closed = Promise.resolve(iterator.return?.());
      // A hanging step would block this, perhaps until the process ends.
      if (signal.aborted) closed.catch(() => {});
      else await closed;
    }
  }

  return {
    id: unit.id,
    listsRanges: unit.listsRanges,
    list: (request) => watchEach(unit.list(request), entryBytes, listing(request), request.signal ?? stopping),
    listFolders: (request) =>
      watchEach(unit.listFolders(request), entryBytes, listing(request), request.signal ?? stopping),
    async get(request: GetRequest): Promise<ObjectContent> {
      const signal = request.signal ?? stopping;
      const asked = unit.get(request);
      let content: ObjectContent;
      try {
        content = await watch(object(request, 'answer'), asked, signal);
      } catch (error) {
        // If the object arrives after all, nobody else releases it.
        if (signal.aborted) asked.then(({ body }) => leave(body)).catch(() => {});
        throw error;
      }
      return { ...content, body: watchEach(content.body, 1, object(request, 'bytes'), signal) };
    },
    head: (request) => watch(object(request, 'answer'), unit.head(request), request.signal ?? stopping),
    async admit(request) {
      const { bucket, subject } = request;
      const answer = { bucket, subject, wait: 'answer' } as const;
      const note = await watch(answer, unit.admit(request), request.signal ?? stopping);
      let endWait: ReturnType<StorageWatcher['begin']> | null = null;
      const end = (outcome: WaitOutcome) => {
        // The other client already has the bytes, so nothing needs to wait here.
        void endWait?.(outcome);
        endWait = null;
      };
      request.listen?.((doCome) => {
        if (doCome) end('answered');
        else endWait ??= watcher.begin(bucket, subject, 'bytes');
      });
      // A client that has ended reports nothing more.
      const giveUp = () => end('nothing');
      request.signal?.addEventListener('abort', giveUp, { once: true });
      return (bytesRead) => {
        request.signal?.removeEventListener('abort', giveUp);
        giveUp();
        note(bytesRead);
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}

function listing({ bucket, prefix }: ListFoldersRequest): Watched {
  return { bucket, subject: prefix, wait: 'answer' };
}

function object({ bucket, key }: GetRequest, wait: StorageWait): Watched {
  return { bucket, subject: key, wait };
}

function outcomeOfError(error: unknown): WaitOutcome {
  if (!(error instanceof StorageError)) return 'nothing';
  return isOutageFailure(error) ? error : 'answered';
}

/** Releases a body by beginning to read it. */
async function leave(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body) return;
}

/** Settles like `work`, or throws the signal's reason as soon as the signal is aborted. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
