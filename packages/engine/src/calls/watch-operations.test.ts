import { syncItemsMax } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeItem } from '../catalogue/fixtures-for-conformance.ts';
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts';
import type { EventStream } from './call-context.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await openTestEngine();
  await engine.buckets.put('bucket-1', [['chain-1/a/disk', 'some bytes']]);
});
afterAll(() => engine[Symbol.asyncDispose]());

function watch(fields: object, signal: AbortSignal = new AbortController().signal) {
  const caller = { kind: 'user', name: 'ada', projectId: engine.projectId, role: 'reader' } as const;
  return engine.engine.watch(
    'watchOperations',
    { caller, requestId: 'request-1', signal },
    { project_id: engine.projectId, ...fields },
  );
}

/** Reads until the operation has ended this number of times. */
async function readUntilEnded(pages: EventStream<'watchOperations'>['pages'], ends: number) {
  const read: { id: string; id_of: string; status: string }[] = [];
  let left = ends;
  for await (const page of pages) {
    for (const { id, data } of page) {
      read.push({ id, id_of: data.operation.id, status: data.operation.status });
      if (data.operation.ended_at !== null) left -= 1;
      if (left === 0) return read;
    }
  }
  throw new Error('the stream has ended');
}

test('a reader gets each transition, and resumes after the last it has read', async () => {
  const { pages, start } = await watch({});
  const [log] = await engine.sync([makeItem('a')]);
  const read = await readUntilEnded(pages, 1);
  expect(read.map(({ id_of, status }) => [id_of, status])).toEqual([
    [log?.id, 'waiting'],
    [log?.id, 'running'],
    [log?.id, 'success'],
  ]);
  const again = await watch({ after: start });
  expect(await readUntilEnded(again.pages, 1)).toEqual(read);
  const resumed = await watch({ after: read[0]?.id });
  expect(await readUntilEnded(resumed.pages, 1)).toEqual(read.slice(1));
});

test('a reader of one operation gets events of no other', async () => {
  const items = Array.from({ length: syncItemsMax }, (_, index) =>
    makeItem(`of-${index}`, { image_path: 'chain-1/a' }),
  );
  const { start } = await watch({});
  const logs = await engine.sync(items);
  const wanted = logs[17]?.id;
  const { pages } = await watch({ after: start, operation_id: wanted });
  const read = await readUntilEnded(pages, 1);
  expect(new Set(read.map(({ id_of }) => id_of))).toEqual(new Set([wanted]));
});

test('an invalid cursor, or one never issued, is refused before anything is sent', async () => {
  await expect(watch({ after: 'x' })).rejects.toMatchObject({
    code: 'invalid_request',
    problems: [{ place: 'after' }],
  });
  await expect(watch({ after: '999999999' })).rejects.toMatchObject({ code: 'events_gone' });
  await expect(watch({ project_id: 'another' })).rejects.toMatchObject({ code: 'project_not_allowed' });
});

test('a stream ends with the reason of its signal, or when the engine stops', async () => {
  const stopping = new AbortController();
  const { pages } = await watch({}, stopping.signal);
  const ended = expect(readUntilEnded(pages, 1)).rejects.toThrow('enough');
  stopping.abort(new Error('enough'));
  await ended;

  const other = await openTestEngine();
  const caller = { kind: 'user', name: 'ada', projectId: other.projectId, role: 'reader' } as const;
  const from = { caller, requestId: 'request-1', signal: new AbortController().signal };
  const stream = await other.engine.watch('watchOperations', from, { project_id: other.projectId });
  const stopped = expect(readUntilEnded(stream.pages, 1)).rejects.toMatchObject({ code: 'unavailable' });
  await other[Symbol.asyncDispose]();
  await stopped;
});
