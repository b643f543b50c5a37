import type { BackupSyncInput, Operation } from '@backup-sync/contracts';
import { expectTypeOf, test } from 'vitest';
import type { Accepted, CbrBackup, CbrOperationLog, Client, ClientOptions, Several } from './index.ts';

// Checked by the compiler; run, they do nothing.
test('the client is typed by the table of operations', () => {
  type Verbs = Client['operations'];
  expectTypeOf<Verbs['showBackup']>().parameter(0).toEqualTypeOf<{ backup_id: string }>();
  expectTypeOf<Verbs['showBackup']>().returns.resolves.toEqualTypeOf<{ backup: CbrBackup }>();
  expectTypeOf<Verbs['showOperation']>().returns.resolves.toEqualTypeOf<{ operation: Operation }>();
  expectTypeOf<Verbs['deleteBackup']>().returns.resolves.toEqualTypeOf<void>();
  expectTypeOf<Verbs>().not.toHaveProperty('showNothing');
});

test('what only a backup-sync tells may be missing', () => {
  expectTypeOf<null>().toExtend<CbrBackup['backup_sync']>();
  expectTypeOf<null>().toExtend<CbrOperationLog['backup_sync']>();
  expectTypeOf<CbrBackup['created_at']>().toEqualTypeOf<string>();
  expectTypeOf<CbrBackup['incremental']>().toEqualTypeOf<boolean | null>();
});

test('lists may be arrays, iterables or async iterables, of exactly what the contracts say', () => {
  expectTypeOf<Client['syncBackups']>().parameter(0).toEqualTypeOf<Several<BackupSyncInput>>();
  expectTypeOf<BackupSyncInput[]>().toExtend<Several<BackupSyncInput>>();
  expectTypeOf<ReadonlySet<BackupSyncInput>>().toExtend<Several<BackupSyncInput>>();
  expectTypeOf<ReadableStream<BackupSyncInput>>().toExtend<Several<BackupSyncInput>>();
  expectTypeOf<{ backup_id: string }[]>().not.toExtend<Several<BackupSyncInput>>();
  expectTypeOf<ReturnType<Client['syncBackups']>>().toEqualTypeOf<AsyncGenerator<Accepted>>();
});

test('what a sync yields is what waiting takes', () => {
  expectTypeOf<ReturnType<Client['syncBackups']>>().toExtend<Parameters<Client['waitFor']>[0]>();
  expectTypeOf<string[]>().toExtend<Parameters<Client['waitFor']>[0]>();
  expectTypeOf<ReturnType<Client['waitFor']>>().toEqualTypeOf<AsyncGenerator<CbrOperationLog>>();
});

test('credentials are of one kind, and whole', () => {
  type Credentials = ClientOptions['credentials'];
  expectTypeOf<{ token: string }>().toExtend<Credentials>();
  expectTypeOf<{ user: string; password: string; identityEndpoint: string }>().toExtend<Credentials>();
  expectTypeOf<{ accessKey: string; secretKey: string; securityToken: string }>().toExtend<Credentials>();
  expectTypeOf<{ user: string }>().not.toExtend<Credentials>();
  expectTypeOf<{ accessKey: string }>().not.toExtend<Credentials>();
});
