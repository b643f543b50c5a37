import { createAccessKey, disableAccessKey, listAccessKeys } from './access-keys.ts';
import { listAuditEvents } from './audit-events.ts';
import {
  beginExtraction,
  deleteBackup,
  importBackups,
  listBackups,
  listVerifications,
  showBackup,
  syncBackups,
  updateBackup,
  verifyBackup,
} from './backups.ts';
import { grantBucket, listBucketGrants, revokeBucket } from './bucket-grants.ts';
import type { CallHandlers, StreamHandlers } from './call-context.ts';
import { showCaller } from './callers.ts';
import {
  addHook,
  listHookDeliveries,
  listHooks,
  pauseHook,
  removeHook,
  resendHookDeliveries,
  resumeHook,
  rotateHookSecret,
  testHook,
  updateHook,
} from './hooks.ts';
import { listNodes } from './nodes.ts';
import { listOperationLogs, showOperationLog } from './operation-logs.ts';
import { cancelOperation, countOperationDays, listOperations, showOperation } from './operations.ts';
import { planSync } from './plan-sync.ts';
import { listPlanItems, startPlan } from './plans.ts';
import { createProject, listProjects } from './projects.ts';
import { listResources, retireResource, showStanding, unretireResource } from './resources.ts';
import { grantRole, revokeRole } from './roles.ts';
import { listScanFindings, startScan } from './scans.ts';
import {
  addSource,
  confirmSource,
  listSources,
  pauseSource,
  removeSource,
  resumeSource,
  scanSource,
  showSource,
  syncCheckpoint,
  updateSource,
} from './sources.ts';
import { checkStorage } from './storage-checks.ts';
import { createUser, disableUser, enableUser, listUsers, removeUser, setUserPassword } from './users.ts';
import { listVaults, showCheckpoint, showVault } from './vaults.ts';
import { watchOperations } from './watch-operations.ts';

/** Handlers of the calls in contracts that are answered once. */
export const handlers: CallHandlers = {
  syncBackups,
  importBackups,
  listBackups,
  showBackup,
  updateBackup,
  deleteBackup,
  planSync,
  checkStorage,
  startPlan,
  listPlanItems,
  listOperationLogs,
  showOperationLog,
  listOperations,
  showOperation,
  countOperationDays,
  cancelOperation,
  showCaller,
  verifyBackup,
  listVerifications,
  beginExtraction,
  listResources,
  showStanding,
  retireResource,
  unretireResource,
  startScan,
  listScanFindings,
  addSource,
  listSources,
  showSource,
  updateSource,
  scanSource,
  pauseSource,
  resumeSource,
  confirmSource,
  removeSource,
  syncCheckpoint,
  listVaults,
  showVault,
  showCheckpoint,
  createUser,
  listUsers,
  disableUser,
  enableUser,
  setUserPassword,
  removeUser,
  grantRole,
  revokeRole,
  createProject,
  listProjects,
  grantBucket,
  revokeBucket,
  listBucketGrants,
  createAccessKey,
  listAccessKeys,
  disableAccessKey,
  listAuditEvents,
  listNodes,
  addHook,
  listHooks,
  updateHook,
  testHook,
  pauseHook,
  resumeHook,
  rotateHookSecret,
  removeHook,
  listHookDeliveries,
  resendHookDeliveries,
};

/** Handlers of the calls that stream events. */
export const streams: StreamHandlers = { watchOperations };
