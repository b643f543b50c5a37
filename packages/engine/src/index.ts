/** The engine: handlers of calls, proof of chains, catalogue, storage and queue. */

export type { Caller } from './caller.ts';
export { authoriseProject, type StreamEvent } from './calls/call-context.ts';
export type { MeasuredHead, MeasureLimits } from './catalogue/measure-records.ts';
export { orCatalogueFull } from './catalogue/sqlite/full-disk.ts';
export { catalogueRefusal, isCatalogueFault } from './catalogue-refusal.ts';
export {
  type CreatedManifest,
  type CreateManifestOptions,
  createManifest,
} from './chain/manifest-document/create-manifest.ts';
export { type ExtractOptions, extractBackup } from './chain/replay/extract-backup.ts';
export { type Clock, systemClock } from './clock.ts';
export type { EngineOptions } from './compose-engine.ts';
export { type CallFrom, Engine, type Measured } from './engine.ts';
export type { KeystoneOptions } from './identity/keystone/keystone-options.ts';
export { networkOf } from './identity/network-of.ts';
export { badToken, type Domain, type IssuedToken, ownDomain, type ScopedProject } from './identity/port.ts';
export { parseSecretKey } from './identity/secret-seal.ts';
export type { SignedRequest } from './identity/signed-request.ts';
export { type Log, noLog, type OnFault } from './log-events.ts';
export type { Meter } from './meter.ts';
export { type EmbeddedEngineOptions, openEmbeddedEngine } from './open-embedded-engine.ts';
export type { CallRate, CountedCaller, SharedCallCounts } from './shared-limits/shared-call-counts.ts';
export type { LeastPolicy, StorageEnvironment } from './storage/driver.ts';
export { probeBuckets } from './storage/probe-bucket.ts';
export { refuseOtherStorageUnit, rememberedStorageUnit } from './storage/remembered-storage-unit.ts';
