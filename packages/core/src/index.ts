/** The client of any CBR-compatible endpoint, on fetch alone. */
export { type ClientOptions, createClient } from './client.ts';
export { followScan, type ScanNews } from './follow-scan.ts';
export { type ClientToken, type Credentials, issueToken, type PasswordCredentials } from './issue-token.ts';
export type { CallOptions, Operations } from './operations.ts';
export { planAll } from './plan-all.ts';
export { canonicalRequest, type SignableRequest, signingAlgorithm, stringToSign } from './signing/canonical-request.ts';
export { signature } from './signing/signature.ts';
export { type Accepted, type SyncOptions, syncAll } from './sync-all.ts';
export { waitForOperations } from './wait-for-operations.ts';
