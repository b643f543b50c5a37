import { createClient } from '@backup-sync/core';

const [endpoint = '', projectId = ''] = process.argv.slice(2);
const { BACKUP_SYNC_TOKEN: token = '' } = process.env;
const client = createClient({ endpoint, projectId, credentials: { token } });
const { count } = await client.calls.listBackups({ status: 'available' });
console.log(`${count} backups are available`);
