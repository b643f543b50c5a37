import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const request = join(examples, 'sync-request.json');
const storage = `file:${join(examples, 'buckets')}`;

describe('in local mode', () => {
  test('sync imports the examples, proves them, and a second sync changes nothing', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const first = await runInProcess(['sync', request], { environment });
    expect(first.code).toBe(3);
    expect(first.output).toMatch(/database-disk-full +database-disk +linkage +6 +[\d.]+ KiB +created/);
    expect(first.output).toMatch(/web-server +web-server +presence .* created/);
    expect(first.output).toMatch(/mail-disk-full .* failed: object_missing/);
    expect(first.output).toContain('What to do: Restore the object');

    const second = await runInProcess(['sync', '-', '--json'], { environment, input: await readFile(request, 'utf8') });
    expect(second.code).toBe(3);
    const logs: { status: string; backup_sync: { outcome: string } }[] = JSON.parse(second.output).operation_logs;
    expect(logs.map((log) => log.backup_sync.outcome)).toEqual(Array(5).fill('unchanged'));
    expect(logs.filter((log) => log.status === 'success')).toHaveLength(4);
    expect(second.messages).toBe('');
  });

  test('NDJSON is read from standard input, and all bad lines are reported together', async () => {
    await using home = await temporaryDirectory();
    const environment = { BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: storage };
    const items: object[] = JSON.parse(await readFile(request, 'utf8')).sync;
    const lines = items.map((item) => JSON.stringify(item));
    const good = await runInProcess(['sync', '-', '--json'], {
      environment,
      input: `${lines.slice(0, 2).join('\n')}\n\n`,
    });
    expect(good.code).toBe(0);
    expect(JSON.parse(good.output).operation_logs).toHaveLength(2);

    const spoilt = [
      lines[0],
      JSON.stringify({ ...items[1], backup_name: '' }),
      JSON.stringify({ ...items[2], created_at: 'x' }),
    ];
    const file = join(home.path, 'spoilt.ndjson');
    await writeFile(file, spoilt.join('\n'));
    const bad = await runInProcess(['sync', file], { environment });
    expect(bad).toMatchObject({ code: 1, output: '' });
    expect(bad.messages).toContain('line 2, backup_name: must have 1 to 64 characters');
    expect(bad.messages).toContain('line 3, created_at: ');
  });

  test('backups and operations are listed, shown and deleted', async () => {
    await using home = await temporaryDirectory();
    const where = ['--data-dir', join(home.path, 'data'), '--storage', storage];
    await runInProcess(['sync', request, ...where]);
    const listed = JSON.parse(
      (await runInProcess(['backups', 'list', '--json', '--sort', 'name:asc', ...where])).output,
    );
    expect(listed.backups.map(({ name }: { name: string }) => name)).toEqual([
      'database-disk-day-1',
      'database-disk-day-2',
      'database-disk-full',
      'mail-disk-full',
      'web-server',
    ]);
    const broken = listed.backups[3];
    const shown = await runInProcess(['backups', 'show', broken.id, ...where]);
    expect(shown.output).toMatch(/status +error/);
    expect(shown.output).toMatch(/reason +object_missing \(BackupSync\.2013\)/);

    const operations = JSON.parse(
      (await runInProcess(['operations', 'list', '--status', 'failed', '--json', ...where])).output,
    );
    expect(operations.operations).toHaveLength(1);
    const operation = await runInProcess(['operations', 'show', operations.operations[0].id, ...where]);
    expect(operation.output).toMatch(/what to do +Restore the object/);

    expect((await runInProcess(['backups', 'delete', broken.id, ...where])).code).toBe(0);
    const gone = await runInProcess(['backups', 'show', broken.id, '--json', ...where]);
    expect(gone).toMatchObject({ code: 1, output: '' });
    expect(JSON.parse(gone.messages)).toMatchObject({ error: { code: 'BackupSync.1009' } });
  });
});
