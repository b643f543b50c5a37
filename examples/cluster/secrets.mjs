// node examples/cluster/secrets.mjs <directory>: writes the secrets of compose.yaml, a file for each.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns new secrets of a cluster. */
export function makeSecrets() {
  return {
    databasePassword: randomBytes(24).toString('base64url'),
    adminPassword: randomBytes(18).toString('base64url'),
    // Seals the secrets of access keys. All nodes have the same.
    secretKey: randomBytes(32).toString('base64'),
    accessKey: `AK${randomBytes(9).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

/** Returns the files of the secrets, by name. */
export function secretFiles({ databasePassword, adminPassword, secretKey, accessKey, secretAccessKey }) {
  const identity = {
    name: 'backup-sync',
    credentials: [{ accessKey, secretKey: secretAccessKey }],
    actions: ['Admin', 'Read', 'List', 'Write'],
  };
  return {
    'database-password': databasePassword,
    'database-url': `postgres://backup_sync:${databasePassword}@postgres:5432/backup_sync\n`,
    'secret-key': `${secretKey}\n`,
    'admin-password': `${adminPassword}\n`,
    's3-credentials': `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretAccessKey}\n`,
    's3-identities.json': `${JSON.stringify({ identities: [identity] }, null, 2)}\n`,
  };
}

const [, program, directory] = process.argv;
if (program === import.meta.filename && directory !== undefined) {
  // Only the owner can enter the directory. Containers, which run as other users, get its files one by one.
  await mkdir(directory, { mode: 0o700 });
  for (const [name, content] of Object.entries(secretFiles(makeSecrets()))) {
    await writeFile(join(directory, name), content, { mode: 0o644 });
  }
}
