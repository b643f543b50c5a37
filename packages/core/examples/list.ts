import { createClient, issueToken } from '@backup-sync/core';

const [endpoint = 'http://127.0.0.1:8787', projectId = ''] = process.argv.slice(2);
const { BACKUP_SYNC_PASSWORD: password = '' } = process.env;
const { token } = await issueToken(endpoint, { user: 'admin', password, project: { id: projectId } });
const client = createClient({ endpoint, projectId, credentials: { token } });

const signal = AbortSignal.timeout(60_000);
for await (const backup of client.allBackups({ status: 'available', sort: 'created_at:asc' }, { signal })) {
  // Only a backup-sync reports the level to which a backup is proved.
  console.log(backup.id, backup.name, backup.backup_sync?.level ?? 'not known');
}
const { count } = await client.calls.listOperationLogs({ status: 'failed', limit: 1 }, { signal });
console.log(`${count} operations have failed`);
