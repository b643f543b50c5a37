/** Engines that share a PostgreSQL database. Apart from the rest: commands that need no database load none of it. */

export { inspectDatabase } from './inspect-database.ts';
export { migrateDatabase } from './migrate-database.ts';
export { type ClusterEngine, type ClusterEngineOptions, openClusterEngine } from './open-cluster-engine.ts';
