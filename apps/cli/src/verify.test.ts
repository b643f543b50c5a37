import { join } from 'node:path';
import { expect, test } from 'vitest';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const full = 'e4928728-f83e-4e23-8101-fafb5225c1e0';

test('verify of several backups shows the result of each: proved, failed, not recorded', async () => {
  await using home = await temporaryDirectory();
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: `file:${join(examples, 'buckets')}`,
  };
  await runInProcess(['sync', join(examples, 'sync-request.json')], { environment });
  const listed = JSON.parse(
    (await runInProcess(['backups', 'list', '--status', 'error', '--json'], { environment })).output,
  );
  const broken: string = listed.backups[0].id;
  const ids = [full, broken, 'nobody', full];
  const told = await runInProcess(['verify', ...ids], { environment });
  expect(told.code).toBe(3);
  expect(told.output).toMatch(new RegExp(`${full} +content .* success`));
  expect(told.output).toMatch(new RegExp(`${broken} .* failed: object_missing`));
  expect(told.output).toMatch(/What to do: Restore the object/);
  expect(told.messages).toContain('nobody was not verified: no backup nobody is recorded (BackupSync.1009)');
  expect(told.messages).toContain('What to do: Check the id or name: "backup-sync backups list" shows');

  const json = await runInProcess(['verify', ...ids, '--level', 'replay', '--json'], { environment });
  expect(json).toMatchObject({ code: 3, messages: '' });
  const answer = JSON.parse(json.output);
  expect(answer.operations.map(({ status }: { status: string }) => status)).toEqual(['success', 'failed']);
  expect(answer.refused).toMatchObject([{ backup_id: 'nobody', code: 'BackupSync.1009' }]);

  const sha256: string = answer.operations[0].result.volume_sha256;
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  const shown = await runInProcess(['backups', 'show', full], { environment });
  expect(shown.output).toMatch(new RegExp(`SHA-256 of the volume +${sha256}\n`));
}, 60_000);
