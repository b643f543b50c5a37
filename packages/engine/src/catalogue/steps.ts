import { auditSteps } from './stores/audit.ts';
import { backupSteps } from './stores/backups.ts';
import { directorySteps } from './stores/directory.ts';
import { eventSteps } from './stores/events.ts';
import { grantSteps } from './stores/grants.ts';
import { hookSteps } from './stores/hooks.ts';
import { identitySteps } from './stores/identity.ts';
import { measureSteps } from './stores/measures.ts';
import { nodeSteps } from './stores/nodes.ts';
import { operationSteps } from './stores/operations.ts';
import { outageSteps } from './stores/outages.ts';
import { partSteps } from './stores/parts.ts';
import { provedObjectSteps } from './stores/proved-objects.ts';
import { retentionSteps } from './stores/retention.ts';
import { settingSteps } from './stores/settings.ts';
import { sourceRunSteps } from './stores/source-runs.ts';
import { sourceSteps } from './stores/sources.ts';
import type { InputOf, OutputOf } from './stores/step.ts';
import { upkeepSteps } from './stores/upkeep.ts';

/** All steps of the database, by store. The type of the catalogue follows from this. */
export const stores = {
  backups: backupSteps,
  operations: operationSteps,
  events: eventSteps,
  parts: partSteps,
  provedObjects: provedObjectSteps,
  outages: outageSteps,
  sources: sourceSteps,
  sourceRuns: sourceRunSteps,
  identity: identitySteps,
  directory: directorySteps,
  grants: grantSteps,
  audit: auditSteps,
  settings: settingSteps,
  hooks: hookSteps,
  nodes: nodeSteps,
  measures: measureSteps,
  retention: retentionSteps,
  upkeep: upkeepSteps,
} as const;

/** All steps by name: no two stores have a step with the same name. A step opens no transaction; the driver does. */
export const steps = {
  ...backupSteps,
  ...operationSteps,
  ...eventSteps,
  ...partSteps,
  ...provedObjectSteps,
  ...outageSteps,
  ...sourceSteps,
  ...sourceRunSteps,
  ...identitySteps,
  ...directorySteps,
  ...grantSteps,
  ...auditSteps,
  ...settingSteps,
  ...hookSteps,
  ...nodeSteps,
  ...measureSteps,
  ...retentionSteps,
  ...upkeepSteps,
} as const;

export type StepName = keyof typeof steps;
/** The names of the steps that calls use to change something. */
export type ChangeName = {
  [Name in StepName]: (typeof steps)[Name] extends { readonly audit: unknown } ? Name : never;
}[StepName];
export type StepInput<Name extends StepName> = InputOf<(typeof steps)[Name]>;
export type StepOutput<Name extends StepName> = OutputOf<(typeof steps)[Name]>;
