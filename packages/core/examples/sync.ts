import { BackupSyncError, createClient } from '@backup-sync/core';

const [endpoint = 'http://127.0.0.1:8787', projectId = ''] = process.argv.slice(2);
const { BACKUP_SYNC_PASSWORD: password = '' } = process.env;
const client = createClient({ endpoint, projectId, credentials: { user: 'admin', password } });

/** A list of any length: an array, an iterable or an async iterable. */
async function* backups() {
  for (let day = 1; day <= 120; day += 1) {
    yield {
      backup_id: `day-${day}`,
      backup_name: `day-${day}`,
      bucket_name: 'backups',
      image_path: `web-server/day-${day}`,
      resource_id: 'web-server',
      resource_name: 'web-server',
      // Or whole seconds since 1970.
      created_at: new Date(Date.UTC(2026, 0, day)),
    };
  }
}

try {
  const accepted = client.syncBackups(backups());
  for await (const log of client.waitFor(accepted, { deadlineMs: Date.now() + 30 * 60_000 })) {
    console.log(log.extra_info?.backup?.backup_id, log.status, log.error_info?.message);
  }
} catch (error) {
  if (!(error instanceof BackupSyncError)) throw error;
  // `code` decides what to do next; for a list, `progress` says which items were accepted.
  console.error(error.code, error.message, error.requestId, error.retryable, error.progress);
  process.exitCode = 1;
}
