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

/** Options of {@link createClient}. */
export type ClientOptions = HttpOptions & {
  /** Address of the API, e.g. `http://127.0.0.1:8787` or `https://cbr.eu-de.otc.t-systems.com`. */
  readonly endpoint: string;
  /** Id of the project that every call is about. */
  readonly projectId: string;
  /** A token, a user with password, or an access key pair. */
  readonly credentials: Credentials;
};

/**
 * Client of one project of a CBR-compatible service. Every failure is a `BackupSyncError`, except that aborting a
 * call's signal makes it throw the signal's reason, as `fetch` does.
 */
export type Client = {
  /** The single calls of the API: one request each, plus retries. */
  readonly calls: Calls;
  /**
   * Syncs any number of backups and yields each accepted item, in the order of the list. Sends up to 50 items a call,
   * several calls at once. If the project has too many unfinished imports (`backlog_full`), it waits and continues.
   *
   * An array is checked completely before the first call. Any other list is checked while it is read, at most a few
   * thousand items ahead. If the list names a backup twice, the second item is sent after the call with the first has
   * ended, so that the later item wins.
   *
   * After the first call that fails, no further call is sent. Items that other calls got accepted are yielded first.
   * Then it throws a `BackupSyncError` whose `progress` says which items were accepted and whose `cause` is the error
   * of the call. An error that the list itself throws is thrown unchanged.
   *
   * To finish the rest, sync the same list again. This is safe: an item that still waits or runs gets the same
   * operation log, and one that is done ends unchanged.
   *
   * When the signal is aborted, it throws the signal's reason. If it has already sent something, it throws a
   * `BackupSyncError` with the code `aborted` instead; its `cause` is the reason and its `progress` says what was
   * accepted.
   */
  syncBackups(items: Several<ListedBackup>, options?: SyncOptions): AsyncGenerator<Accepted>;
  /**
   * Plans a sync of any number of backups without importing them: 50 items a call, one call after the other. The plan
   * is in the order of the list, and costs are sums. `forecast.seconds` is null if any call cannot forecast its time.
   */
  planBackups(items: Several<ListedBackup>, options?: CallOptions): Promise<PlanSyncAnswer>;
  /**
   * Yields the log of each operation when it has ended, in the order in which they end. Takes ids of operation logs, or
   * the items that {@link Client.syncBackups} yields. An operation that is named again while it is waited for is
   * yielded once.
   *
   * Follows the service's event stream if there is one. Otherwise it polls, with pauses that grow from 50 ms to about 5
   * s while nothing ends. The list is read at most 10,000 operations ahead.
   *
   * Throws `deadline_passed` at the deadline, and the signal's reason when the signal is aborted; the operations
   * continue. Throws `operation_log_not_found` for an unknown id. An error that the list throws is thrown after every
   * operation that it named before has ended.
   */
  waitFor(references: Several<OperationReference>, options?: WaitOptions): AsyncGenerator<CbrOperationLog>;
  /**
   * Follows one operation of any kind until it has ended. Yields it after each poll; the last one yielded has ended.
   * Pauses grow from 50 ms to 2 s. Throws the signal's reason when the signal is aborted; the operation continues.
   */
  followOperation(operationId: string, options?: CallOptions): AsyncGenerator<Operation>;
  /**
   * Follows a scan and its imports until both have ended, and yields findings as they are found. The last item has the
   * ended operation. Throws the signal's reason when the signal is aborted; the scan continues.
   */
  followScan(operationId: string, options?: CallOptions): AsyncGenerator<ScanNews>;
  /**
   * Yields what happens to the project's operations, as it happens, until the signal is aborted. If the event stream
   * breaks, it is opened again and continues after the last event. If the service has no stream, the 200 newest
   * operations are polled once a second.
   *
   * Throws the signal's reason when the signal is aborted, and `unreachable` or a timeout if nothing answers before the
   * stream has been open once. Also throws every error that a retry cannot fix, such as `events_gone` or refused
   * credentials.
   */
  watchOperations(options?: CallOptions): AsyncGenerator<OperationEvent>;
  /** Yields all backups that match a filter, in the order of its `sort`. Fetches pages of 1,000. */
  allBackups(filter?: BackupsFilter, options?: CallOptions): AsyncGenerator<CbrBackup>;
  /** Yields all operation logs that match a filter, newest first. Fetches pages of 1,000. */
  allOperationLogs(filter?: OperationLogsFilter, options?: CallOptions): AsyncGenerator<CbrOperationLog>;
};

/**
 * Creates a client of a backup-sync or a cloud. Sends nothing before the first call. Throws `invalid_request` if an
 * endpoint is not an HTTP address or has credentials in it, or if `timeoutMs` or `maxRetries` is out of range.
 */
export function createClient(options: ClientOptions): Client {
  return createClientIn(systemRuntime, options);
}

/** Like {@link createClient}, with the caller's {@link Runtime}. */
export function createClientIn(runtime: Runtime, options: ClientOptions): Client {
  const { projectId, credentials, fetch, timeoutMs, maxRetries } = options;
  const http = { fetch, timeoutMs, maxRetries };
  const endpoint = parseEndpoint(options.endpoint);
  const transport = new Transport(authorizationOf(credentials, endpoint, projectId, runtime, http), runtime, http);
  const calls = restCalls(endpoint, projectId, transport);
  const listCalls = restListCalls(endpoint, projectId, transport);
  return clientOver(calls, listCalls, runtime, operationEvents(endpoint, projectId, transport));
}

/** Creates a client on top of any implementation of the calls, such as one in this process. It has no event stream. */
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
