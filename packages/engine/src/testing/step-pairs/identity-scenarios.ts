import { v7 as newId } from 'uuid';
import { everything } from '../../storage/grants.ts';
import { type PairScenario, scenario } from './pair-scenario.ts';
import { bucket, type PairWorld } from './pair-world.ts';

/** Returns at least one scenario for each step that writes users, projects, roles, keys or grants. */
export function identityScenarios({ projectId, userIds }: PairWorld): readonly PairScenario[] {
  const token = (tokenHash: string, userName: 'ada' | 'bob') => ({
    ...({ tokenHash, userId: userIds[userName], userName, kind: 'user', projectId, role: 'administrator' } as const),
    ...{ issuedAtMs: 7_000, expiresAtMs: 9_500 },
  });
  const key = (accessKey: string) => ({ accessKey, userName: 'bob', projectId, sealedSecret: 's', nowMs: 7_100 });
  const grant = { projectId, ...bucket, prefix: '' };
  const first = { id: newId(), name: 'first', passwordHash: 'hash-3' };
  return [
    scenario('begin', '', { project: { id: newId(), name: 'other' }, nowMs: 500 }),
    scenario('addFirstAdministrator', '', { user: first, projectId, nowMs: 7_000 }),
    scenario('saveToken', 'after a password', token('token-3', 'ada'), { kind: 'password', passwordHash: 'hash-1' }),
    scenario('saveToken', 'after a token', token('token-4', 'bob'), { kind: 'token', tokenHash: 'token-2' }),
    scenario('removeToken', '', 'token-2'),
    scenario('addUser', 'first', { id: newId(), name: 'eve', passwordHash: 'h', nowMs: 7_200 }),
    scenario('addUser', 'second', { id: newId(), name: 'eve', passwordHash: 'h', nowMs: 7_201 }),
    scenario('disableUser', 'ada', 'ada', 7_300),
    scenario('disableUser', 'bob', 'bob', 7_301),
    scenario('enableUser', '', 'bob'),
    scenario('setPassword', '', 'ada', 'hash-4'),
    scenario('removeUser', '', 'bob'),
    scenario('assignRole', '', 'bob', projectId, 'reader'),
    scenario('withdrawRole', '', 'ada', projectId),
    scenario('addProject', 'first', { id: newId(), name: 'more', createdAtMs: 7_400 }),
    scenario('addProject', 'second', { id: newId(), name: 'more', createdAtMs: 7_401 }),
    scenario('addAccessKey', '', key('key-2')),
    scenario('disableAccessKey', '', 'key-1', 7_500),
    scenario('addGrant', '', grant),
    scenario('removeGrant', '', { projectId, storageUnitId: everything, bucketName: everything, prefix: '' }),
  ];
}
