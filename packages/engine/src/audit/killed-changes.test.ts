import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const rounds = 8;
const longestMs = 250;
const program = fileURLToPath(new URL('../testing/change-until-killed.ts', import.meta.url));

/** Runs a process that changes things, kills it this long after its first change, and returns the answered calls. */
async function changeUntilKilled(dataDirectory: string, buckets: string, round: number, afterMs: number) {
  const child = spawn(process.execPath, [...process.execArgv, program, dataDirectory, buckets, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (line === 'ready') void sleep(afterMs).then(() => child.kill('SIGKILL'));
  }
  expect(await closed).toEqual([null, 'SIGKILL']);
  return told.filter((line) => line !== 'ready');
}

/** The changes and the events of a database, each as the names they are about. */
function lookInto(path: string) {
  using database = new DatabaseSync(path);
  const column = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => String(Object.values(row)[0]));
  const done = (operation: string, field: string) =>
    column(`SELECT value FROM audit_events JOIN audit_subjects ON event_id = id
      WHERE operation = '${operation}' AND outcome = 'done' AND field = '${field}' AND value NOT IN ('bucket')`);
  return {
    integrity: column('PRAGMA integrity_check'),
    requests: column('SELECT request_id FROM audit_events'),
    outcomes: column('SELECT DISTINCT outcome FROM audit_events'),
    /** Pairs that must be equal: the stored names, and those in the events. */
    pairs: {
      imports: [column(`SELECT backup_id FROM operations WHERE kind = 'import'`), done('syncBackups', 'backup_id')],
      projects: [column(`SELECT name FROM projects WHERE name <> 'default'`), done('createProject', 'name')],
      grants: [
        column(`SELECT bucket_name FROM bucket_grants WHERE bucket_name LIKE 'name-%'`),
        without(done('grantBucket', 'bucket_name'), done('revokeBucket', 'bucket_name')),
      ],
      sources: [
        column('SELECT id FROM sources'),
        without(done('addSource', 'source_id'), done('removeSource', 'source_id')),
      ],
      tokens: [
        column('SELECT count(*) FROM tokens'),
        column(`SELECT count(*) FROM audit_events WHERE operation = 'issueToken' AND outcome = 'done'`),
      ],
    },
  };
}

function without(names: readonly string[], gone: readonly string[]): string[] {
  const left = new Set(gone);
  return names.filter((name) => !left.has(name));
}

// Each round starts a process, which loads the engine from its sources.
test('a kill -9 at any moment leaves a change with its event, or neither', { timeout: 180_000 }, async () => {
  await using buckets = await makeTestBuckets();
  const dataDirectory = `${buckets.directory}-data`;
  try {
    const answered: string[] = [];
    for (const [round, byte] of seededBytes('kill -9', rounds).entries()) {
      const afterMs = (byte / 256) * longestMs;
      answered.push(...(await changeUntilKilled(dataDirectory, buckets.directory, round, afterMs)));
      const { integrity, requests, outcomes, pairs } = lookInto(join(dataDirectory, 'catalogue.sqlite'));
      expect(integrity).toEqual(['ok']);
      for (const [what, [changed = [], written]] of Object.entries(pairs)) {
        expect(changed.toSorted(), `${what} of round ${round}`).toEqual(written?.toSorted());
      }
      expect(outcomes).toEqual(['done']);
      expect(new Set(requests).size).toBe(requests.length);
      expect(without(answered, requests)).toEqual([]);
    }
    expect(answered.length).toBeGreaterThan(rounds);
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
