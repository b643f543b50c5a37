/** Client for any CBR-compatible service, built on `fetch` and Web Crypto. */
export {
  BackupSyncError,
  type BackupSyncInput,
  type ErrorCode,
  type ListedItem,
  type ListProgress,
  type Problem,
} from '@backup-sync/contracts';
export type { CbrBackup } from './answers/cbr-backup.ts';
export type { CbrOperationLog } from './answers/cbr-operation-log.ts';
export type { CallOptions, Calls } from './calls.ts';
export { type Client, type ClientOptions, clientOf, createClient } from './client.ts';
export type { Credentials } from './credentials/credentials.ts';
export { type ClientToken, issueToken, type PasswordCredentials } from './credentials/issue-token.ts';
export { projectsOfKey } from './credentials/projects-of-key.ts';
export { revokeToken } from './credentials/revoke-token.ts';
export type { ScanNews } from './follow-scan.ts';
export { parseEndpoint } from './http/endpoint.ts';
export type { Fetch, HttpOptions } from './http/exchange.ts';
export type { Several } from './lists/batches.ts';
export type { ListedBackup } from './lists/listed-items.ts';
export type { Accepted, SyncOptions } from './lists/sync-backups.ts';
export type { BackupsFilter, OperationLogsFilter } from './pages.ts';
export { canonicalRequest, type SignableRequest, signingAlgorithm, stringToSign } from './signing/canonical-request.ts';
export type { AccessKey } from './signing/sign-request.ts';
export { signature } from './signing/signature.ts';
export type { OperationReference } from './waiting/ids-ahead.ts';
export type { WaitOptions } from './waiting/wait-for.ts';
