import { createClient } from '@backup-sync/core';

const [endpoint = '', projectId = '', token = ''] = process.argv.slice(2);
const client = createClient({ endpoint, projectId, credentials: { token } });
const { count } = await client.calls.listBackups({ status: 'available' });
console.log(`${count} backups are available`);
