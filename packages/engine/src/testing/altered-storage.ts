import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  GetRequest,
  ObjectContent,
  ObjectEntry,
  ObjectHead,
  ObjectRequest,
  StorageUnit,
} from '../storage/port.ts';

/** Changes to the answers of a storage unit. Each may throw instead. */
export type Alterations = {
  /** Called for each object of a listing; null leaves it out. */
  readonly list?: (entry: ObjectEntry) => ObjectEntry | null | Promise<ObjectEntry>;
  /** Called before an object is opened. */
  readonly beforeGet?: (request: GetRequest) => void;
  readonly get?: (request: GetRequest, content: ObjectContent) => ObjectContent;
  readonly head?: (request: ObjectRequest, head: ObjectHead) => ObjectHead;
};

/** Wraps a storage unit and alters some of its answers. */
export function alterStorage(unit: StorageUnit, alterations: Alterations): StorageUnit {
  const { list = (entry) => entry, beforeGet, get = (_, content) => content, head = (_, seen) => seen } = alterations;
  return {
    id: unit.id,
    async *list(request) {
      for await (const page of unit.list(request)) {
        const altered = await Promise.all(page.map((entry) => list(entry)));
        yield altered.filter((entry) => entry !== null);
      }
    },
    listFolders: (request) => unit.listFolders(request),
    async get(request) {
      beforeGet?.(request);
      return get(request, await unit.get(request));
    },
    async head(request) {
      return head(request, await unit.head(request));
    },
    admit: (request) => unit.admit(request),
    async [Symbol.asyncDispose]() {},
  };
}

/** Gives each object of a listing the ETag that S3 would: the MD5 of its bytes. */
export function listWithMd5(directory: string, bucketName: string) {
  return async (entry: ObjectEntry): Promise<ObjectEntry> => {
    const bytes = await readFile(join(directory, bucketName, entry.key));
    return { ...entry, etag: createHash('md5').update(bytes).digest('hex') };
  };
}
