import type { Operation } from '@backup-sync/contracts';
import { expectTypeOf, test } from 'vitest';
import type {
  Accepted,
  BackupSyncInput,
  CbrBackup,
  CbrOperationLog,
  Client,
  ClientOptions,
  ListedBackup,
  Several,
} from './index.ts';

// The compiler checks these; at run time they do nothing.
test('the client is typed by the table of calls', () => {
  type CallHandlers = Client['calls'];
  expectTypeOf<CallHandlers['showBackup']>().parameter(0).toEqualTypeOf<{ backup_id: string }>();
  expectTypeOf<CallHandlers['showBackup']>().returns.resolves.toEqualTypeOf<{ backup: CbrBackup }>();
  expectTypeOf<CallHandlers['showOperation']>().returns.resolves.toEqualTypeOf<{ operation: Operation }>();
  expectTypeOf<CallHandlers['deleteBackup']>().returns.resolves.toEqualTypeOf<void>();
  expectTypeOf<CallHandlers>().not.toHaveProperty('showNothing');
});

test('fields that only a backup-sync returns may be null', () => {
  expectTypeOf<null>().toExtend<CbrBackup['backup_sync']>();
  expectTypeOf<null>().toExtend<CbrOperationLog['backup_sync']>();
  expectTypeOf<CbrBackup['created_at']>().toEqualTypeOf<string>();
  expectTypeOf<CbrBackup['incremental']>().toEqualTypeOf<boolean | null>();
});

test('lists may be arrays, iterables or async iterables of the items in the contracts', () => {
  expectTypeOf<Client['syncBackups']>().parameter(0).toEqualTypeOf<Several<ListedBackup>>();
  expectTypeOf<Client['planBackups']>().parameter(0).toEqualTypeOf<Several<ListedBackup>>();
  expectTypeOf<BackupSyncInput[]>().toExtend<Several<ListedBackup>>();
  expectTypeOf<ReadonlySet<BackupSyncInput>>().toExtend<Several<ListedBackup>>();
  expectTypeOf<ReadableStream<BackupSyncInput>>().toExtend<Several<ListedBackup>>();
  expectTypeOf<{ backup_id: string }[]>().not.toExtend<Several<ListedBackup>>();
  expectTypeOf<ListedBackup['created_at']>().toEqualTypeOf<number | Date>();
  expectTypeOf<ListedBackup['resource_type']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<ReturnType<Client['syncBackups']>>().toEqualTypeOf<AsyncGenerator<Accepted>>();
});

test('waiting accepts the items that a sync yields', () => {
  expectTypeOf<ReturnType<Client['syncBackups']>>().toExtend<Parameters<Client['waitFor']>[0]>();
  expectTypeOf<string[]>().toExtend<Parameters<Client['waitFor']>[0]>();
  expectTypeOf<ReturnType<Client['waitFor']>>().toEqualTypeOf<AsyncGenerator<CbrOperationLog>>();
});

test('filters accept only the values in the contracts', () => {
  type Filter<CallHandler extends keyof Client['calls']> = Parameters<Client['calls'][CallHandler]>[0];
  type Backups = NonNullable<Parameters<Client['allBackups']>[0]>;
  expectTypeOf<Backups>().toEqualTypeOf<Omit<Filter<'listBackups'>, 'limit' | 'offset' | 'marker'>>();
  expectTypeOf<{ status: 'available'; sort: 'created_at:asc' }>().toExtend<Backups>();
  expectTypeOf<{ status: ['error', 'available']; sort: ['name', 'id:desc'] }>().toExtend<Backups>();
  expectTypeOf<{ status: 'Available' }>().not.toExtend<Backups>();
  expectTypeOf<{ status: string }>().not.toExtend<Backups>();
  expectTypeOf<{ sort: 'created' }>().not.toExtend<Backups>();
  expectTypeOf<{ sort: 'name:up' }>().not.toExtend<Backups>();
  expectTypeOf<{ image_type: 'volume' }>().not.toExtend<Backups>();
  expectTypeOf<{ status: ['failed', 'timeout']; operation_type: 'sync' }>().toExtend<Filter<'listOperationLogs'>>();
  expectTypeOf<{ status: 'done' }>().not.toExtend<Filter<'listOperationLogs'>>();
  expectTypeOf<{ kind: 'verify'; status: 'running' }>().toExtend<Filter<'listOperations'>>();
  expectTypeOf<{ kind: 'sync' }>().not.toExtend<Filter<'listOperations'>>();
  expectTypeOf<{ level: 'content' }>().toExtend<Filter<'listResources'>>();
  expectTypeOf<{ level: 'deep' }>().not.toExtend<Filter<'listResources'>>();
  expectTypeOf<{ outcome: 'good' }>().not.toExtend<Filter<'listAuditEvents'>>();
});

test('the HTTP options accept any fetch, and functions that implement the part a client uses', () => {
  type Options = Pick<ClientOptions, 'fetch' | 'timeoutMs' | 'maxRetries'>;
  expectTypeOf<{ fetch: typeof globalThis.fetch; timeoutMs: number; maxRetries: number }>().toExtend<Options>();
  expectTypeOf<{ fetch: (url: URL, init: RequestInit) => Promise<Response> }>().toExtend<Options>();
});

test('credentials are of exactly one kind, and complete', () => {
  type Credentials = ClientOptions['credentials'];
  expectTypeOf<{ token: string }>().toExtend<Credentials>();
  expectTypeOf<{ user: string; password: string; identityEndpoint: string }>().toExtend<Credentials>();
  expectTypeOf<{ accessKey: string; secretKey: string; securityToken: string }>().toExtend<Credentials>();
  expectTypeOf<{ user: string }>().not.toExtend<Credentials>();
  expectTypeOf<{ accessKey: string }>().not.toExtend<Credentials>();
});
