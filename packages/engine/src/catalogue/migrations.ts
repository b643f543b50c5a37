// The migrations of the schema. Each has the name of its file, because Kysely's Migrator records these names. Numbers
// count from 1 without gaps. A released migration never changes.
export * as '0001-initial' from './migrations/0001-initial.ts';
export * as '0002-sources' from './migrations/0002-sources.ts';
export * as '0003-operation-listing' from './migrations/0003-operation-listing.ts';
export * as '0004-verifications-of-backup' from './migrations/0004-verifications-of-backup.ts';
export * as '0005-operation-events' from './migrations/0005-operation-events.ts';
export * as '0006-identity' from './migrations/0006-identity.ts';
export * as '0007-audit-intents' from './migrations/0007-audit-intents.ts';
export * as '0008-events-by-project' from './migrations/0008-events-by-project.ts';
export * as '0009-shared-listing' from './migrations/0009-shared-listing.ts';
export * as '0010-remark-of-proof' from './migrations/0010-remark-of-proof.ts';
export * as '0011-waits' from './migrations/0011-waits.ts';
export * as '0012-runs' from './migrations/0012-runs.ts';
export * as '0013-backup-ages' from './migrations/0013-backup-ages.ts';
export * as '0014-stored-retries' from './migrations/0014-stored-retries.ts';
export * as '0015-renamed-backups' from './migrations/0015-renamed-backups.ts';
export * as '0016-retired-resources' from './migrations/0016-retired-resources.ts';
export * as '0017-volume-hash' from './migrations/0017-volume-hash.ts';
export * as '0018-kysely-migrator' from './migrations/0018-kysely-migrator.ts';
export * as '0019-audit-with-change' from './migrations/0019-audit-with-change.ts';
