/**
 * Schemas and types that the server, the clients and the command line share.
 *
 * - *Backup*: one state of a *resource* (a volume or a server) at one time, known by `backup_id` in a project.
 * - *Storage unit*: the S3-compatible service, or the directory, that has the buckets.
 * - *Image path*: the path of a backup in its bucket.
 * - *Chain*: a backup with all backups it builds on, back to its full backup. Each of them is a *link*; the *parent* of
 *   a link is the backup it builds on directly.
 * - *Record*: the catalogue's entry of a backup. *Level*: how far the backup is proved.
 * - *Call*: one request of the API. *Operation*: tracked work that a call or a source starts.
 * - *Import*: record one backup. *Sync*: import a list of backups. *Operation log*: an operation in the form of CBR.
 * - *Source*: a watched bucket or prefix. *Run*: one scan of a source.
 */
export * from './access-key.ts';
export * from './audit.ts';
export * from './backup.ts';
export * from './backup-sync-error.ts';
export * from './bucket-grant.ts';
export * from './call-definition.ts';
export * from './caller.ts';
export * from './calls.ts';
export * from './chain-manifest.ts';
export * from './counted.ts';
export * from './endpoint-file.ts';
export * from './error-body.ts';
export * from './error-code.ts';
export * from './fields.ts';
export * from './identity.ts';
export * from './image-path.ts';
export * from './keystone-token.ts';
export * from './openapi.ts';
export * from './operation.ts';
export * from './operation-event.ts';
export * from './operation-log.ts';
export * from './path-template.ts';
export * from './plan.ts';
export * from './problems.ts';
export * from './project.ts';
export * from './reason-code.ts';
export * from './resource.ts';
export * from './scan.ts';
export * from './source.ts';
export * from './storage-check.ts';
export * from './sync.ts';
export * from './user.ts';
export * from './vault.ts';
export * from './verification.ts';
export * from './verify.ts';
