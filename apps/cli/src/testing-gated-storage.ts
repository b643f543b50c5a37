import { EventEmitter, once } from 'node:events';
import { startHttpServer } from './testing-servers.ts';

/** A backup to sync from the service. */
export const gatedItem = {
  backup_id: 'backup-1',
  backup_name: 'backup-1',
  bucket_name: 'bucket',
  image_path: 'plan/server/1',
  resource_id: 'server',
  resource_name: 'server',
  resource_type: 'OS::VMware::Server',
  created_at: 1_700_000_000,
};

/** An S3 service with one object at every image path. It answers `free` listings, then nothing until it is opened. */
export async function gatedStorage(free: number) {
  let open = false;
  const opened = Promise.withResolvers<void>();
  let answered = 0;
  let held = 0;
  const heldBack = Promise.withResolvers<void>();
  const requests = new EventEmitter();
  const server = await startHttpServer(async (request, response) => {
    if (!open && answered >= free) {
      held += 1;
      heldBack.resolve();
      requests.emit('held');
      await opened.promise;
    }
    answered += 1;
    const prefix = new URL(request.url ?? '/', 'http://s3').searchParams.get('prefix');
    response.setHeader('Content-Type', 'application/xml');
    response.end(`<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix>${prefix}</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
  <Contents>
    <Key>${prefix}/disk</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>
    <ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>4096</Size><StorageClass>STANDARD</StorageClass>
  </Contents>
</ListBucketResult>`);
  });
  return {
    specification: `s3:${server.endpoint}`,
    /** Resolves when a request waits for an answer. */
    heldBack: heldBack.promise,
    /** Resolves when this many requests are unanswered. */
    async heldBackTimes(count: number) {
      while (held < count) await once(requests, 'held');
    },
    /** Answers from now on, and also the waiting requests. */
    openGate() {
      open = true;
      opened.resolve();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
