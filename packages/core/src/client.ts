import type { Operation, OperationEvent, PlanSyncAnswer } from '@backup-sync/contracts';
import type { CbrBackup } from './answers/cbr-backup.ts';
import type { CbrOperationLog } from './answers/cbr-operation-log.ts';
import type { CallOptions, Calls, ListCalls } from './calls.ts';
import { authorizationOf, type Credentials } from './credentials/credentials.ts';
import { followOperation } from './follow-operation.ts';
import { followScan, type ScanNews } from './follow-scan.ts';
import { parseEndpoint } from './http/endpoint.ts';
import type { HttpOptions } from './http/exchange.ts';
import { Transport } from './http/transport.ts';
import type { Several } from './lists/batches.ts';
import type { ListedBackup } from './lists/listed-items.ts';
import { planBackups } from './lists/plan-backups.ts';
import { type Accepted, type SyncOptions, syncBackups } from './lists/sync-backups.ts';
import { allBackups, allOperationLogs, type BackupsFilter, type OperationLogsFilter } from './pages.ts';
import { restCalls, restListCalls } from './rest-calls.ts';
import { type Runtime, systemRuntime } from './runtime.ts';
import type { OperationReference } from './waiting/ids-ahead.ts';
import { type OpenEvents, operationEvents } from './waiting/operation-events.ts';
import { type WaitOptions, waitFor } from './waiting/wait-for.ts';
import { watchOperations } from './waiting/watch-operations.ts';

export type ClientOptions = HttpOptions & {
  /** Where the API is, e.g. `http://127.0.0.1:8787` or `https://cbr.eu-de.otc.t-systems.com`. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly credentials: Credentials;
};

/**
 * One project of a CBR-compatible service. `calls` has each call of the table, one request each; what stands beside
 * them takes any number of things, over as many requests as that needs. Every failure is a `BackupSyncError`; only a call whose
 * signal is aborted rejects with the signal's reason, as `fetch` does.
 */
export type Client = {
  readonly calls: Calls;
  /** See {@link syncBackups}. */
  syncBackups(items: Several<ListedBackup>, options?: SyncOptions): AsyncGenerator<Accepted>;
  /** See {@link planBackups}. */
  planBackups(items: Several<ListedBackup>, options?: CallOptions): Promise<PlanSyncAnswer>;
  /** See {@link waitFor}. */
  waitFor(references: Several<OperationReference>, options?: WaitOptions): AsyncGenerator<CbrOperationLog>;
  /** See {@link followOperation}. */
  followOperation(operationId: string, options?: CallOptions): AsyncGenerator<Operation>;
  /** See {@link followScan}. */
  followScan(operationId: string, options?: CallOptions): AsyncGenerator<ScanNews>;
  /** See {@link watchOperations}. */
  watchOperations(options?: CallOptions): AsyncGenerator<OperationEvent>;
  /** See {@link allBackups}. */
  allBackups(filter?: BackupsFilter, options?: CallOptions): AsyncGenerator<CbrBackup>;
  /** See {@link allOperationLogs}. */
  allOperationLogs(filter?: OperationLogsFilter, options?: CallOptions): AsyncGenerator<CbrOperationLog>;
};

/**
 * A client of a backup-sync or of a cloud. Nothing is sent before the first call. Throws `invalid_request` for an endpoint
 * that is no address, and for options that cannot be meant.
 */
export function createClient(options: ClientOptions): Client {
  return createClientIn(systemRuntime, options);
}

/** As {@link createClient}, in a world of the caller's. */
export function createClientIn(runtime: Runtime, options: ClientOptions): Client {
  const { projectId, credentials, fetch, timeoutMs, maxRetries } = options;
  const http = { fetch, timeoutMs, maxRetries };
  const endpoint = parseEndpoint(options.endpoint);
  const transport = new Transport(authorizationOf(credentials, endpoint, projectId, runtime, http), runtime, http);
  const calls = restCalls(endpoint, projectId, transport);
  const listCalls = restListCalls(endpoint, projectId, transport);
  return clientOver(calls, listCalls, runtime, operationEvents(endpoint, projectId, transport));
}

/** The same over the table wherever it is implemented, such as in this process. */
export function clientOf(calls: Calls): Client {
  return clientOver(calls, calls, systemRuntime, null);
}

function clientOver(calls: Calls, listCalls: ListCalls, runtime: Runtime, openEvents: OpenEvents | null): Client {
  return {
    calls,
    syncBackups: (items, options) => syncBackups(listCalls, items, runtime, options),
    planBackups: (items, options) => planBackups(listCalls, items, options),
    waitFor: (references, options) => waitFor({ calls, openEvents, runtime }, references, options),
    followOperation: (operationId, options) => followOperation(calls, operationId, runtime, options),
    followScan: (operationId, options) => followScan(calls, operationId, runtime, options),
    watchOperations: (options) => watchOperations({ calls, openEvents, runtime }, options),
    allBackups: (filter, options) => allBackups(calls, filter, options),
    allOperationLogs: (filter, options) => allOperationLogs(calls, filter, options),
  };
}
