import { expect, test } from 'vitest';
import { callNames, calls } from './calls.ts';
import type { Role } from './identity.ts';

/** Written out, not derived: every interface enforces the table, so a mistake there would open all of them. */
const decided: Record<Role, readonly string[]> = {
  reader: [
    'beginExtraction',
    'listBackups',
    'listBucketGrants',
    'listOperationLogs',
    'listOperations',
    'listPlanItems',
    'listResources',
    'listScanFindings',
    'listSources',
    'listVaults',
    'showBackup',
    'showCaller',
    'showCheckpoint',
    'showOperation',
    'showOperationLog',
    'showSource',
    'showVault',
    'watchOperations',
  ],
  operator: [
    'addSource',
    'cancelOperation',
    'checkStorage',
    'confirmSource',
    'deleteBackup',
    'importBackups',
    'pauseSource',
    'planSync',
    'removeSource',
    'resumeSource',
    'retireResource',
    'scanSource',
    'startPlan',
    'startScan',
    'syncBackups',
    'syncCheckpoint',
    'unretireResource',
    'updateBackup',
    'updateSource',
    'verifyBackup',
  ],
  administrator: [
    'createAccessKey',
    'createProject',
    'createUser',
    'disableAccessKey',
    'disableUser',
    'enableUser',
    'grantBucket',
    'grantRole',
    'listAccessKeys',
    'listAuditEvents',
    'listNodes',
    'listProjects',
    'listUsers',
    'removeUser',
    'revokeBucket',
    'revokeRole',
    'setUserPassword',
  ],
};

test.each(Object.entries(decided))('%s: exactly these calls require the role', (role, names) => {
  expect(callNames.filter((name) => calls[name].role === role).toSorted()).toEqual(names);
});
