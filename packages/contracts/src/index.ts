/**
 * Schemas and types of everything that crosses a boundary.
 *
 * - *Backup*: a point-in-time copy of a *resource*, known by `backup_id` within a project.
 * - *Storage unit*: where the bytes lie, an S3-compatible service or a directory whose subdirectories are buckets.
 * - *Image path*: where in its bucket a link of a backup chain lies.
 * - *Chain*: a full backup and the incremental backups that build on it; each of them is a *link*.
 * - *Sync*: bring a backup into the catalogue. *Operation log*: the record of one such import.
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
