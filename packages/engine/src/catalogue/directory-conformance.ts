import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { IdentityDirectory } from '../identity/directory.ts';
import type { GrantStore } from '../identity/grants.ts';
import type { IdentityStore } from '../identity/store.ts';
import { everything } from '../storage/grants.ts';
import { makeSource, type OpenCatalogue } from './fixtures-for-conformance.ts';

/** What every directory of users and projects does, and every store of grants. */
export function describeDirectory(open: OpenCatalogue): void {
  const first = { id: 'project-1', name: 'default' };
  let opened: Awaited<ReturnType<OpenCatalogue>>;
  let directory: IdentityDirectory;
  let identity: IdentityStore;
  let grants: GrantStore;
  let users = 0;
  /** A user of this test alone. */
  let name: string;

  beforeAll(async () => {
    opened = await open();
    directory = opened.directory;
    identity = opened.identityStore;
    grants = opened.grantStore;
    await identity.begin({ project: first, nowMs: 1_000 });
    const ada = { id: 'ada-id', name: 'ada', passwordHash: 'a' };
    await identity.addFirstAdministrator({ user: ada, projectId: first.id, nowMs: 1_000 });
  });
  afterAll(() => opened[Symbol.asyncDispose]());
  beforeEach(async () => {
    users += 1;
    name = `user-${users}`;
    expect(await directory.addUser({ id: `${name}-id`, name, passwordHash: 'p', nowMs: 2_000 })).toBe('added');
  });

  async function comesIn(): Promise<boolean> {
    return (await identity.findToken(`${name}-token`, 3_000)) !== null;
  }

  async function giveToken(role: 'reader' | 'operator' | 'administrator' = 'reader'): Promise<void> {
    await directory.assignRole(name, first.id, role);
    const record = { userId: `${name}-id`, userName: name, kind: 'user', projectId: first.id, role } as const;
    const times = { issuedAtMs: 3_000, expiresAtMs: 9_000 };
    const ground = { kind: 'password', passwordHash: 'p' } as const;
    expect(await identity.saveToken({ tokenHash: `${name}-token`, ...record, ...times }, ground)).toBe(true);
  }

  test('a name is given once', async () => {
    expect(await directory.addUser({ id: 'other', name, passwordHash: 'q', nowMs: 2_000 })).toBe('name_taken');
    const project = { id: 'p', name: 'default', createdAtMs: 1 };
    expect(await directory.addProject(project)).toBe('name_taken');
  });

  test('users are listed by name with their roles, without their passwords', async () => {
    await directory.assignRole(name, first.id, 'operator');
    const roles = [{ projectId: first.id, projectName: 'default', role: 'operator' }];
    const shown = { id: `${name}-id`, name, createdAtMs: 2_000, disabledAtMs: null, roles };
    expect(await directory.showUser(name)).toEqual(shown);
    const listed = await directory.listUsers();
    expect(listed).toContainEqual(shown);
    expect(listed.map((user) => user.name)).toEqual(listed.map((user) => user.name).toSorted());
    expect(await directory.showUser('nobody')).toBeNull();
  });

  test('tokens end with a disabled user, another password, another role, a withdrawn role, a removed user', async () => {
    const endings: (() => Promise<unknown>)[] = [
      () => directory.disableUser(name, 5_000),
      () => directory.assignRole(name, first.id, 'operator'),
      () => directory.withdrawRole(name, first.id),
      () => directory.setPassword(name, 'another'),
      () => directory.removeUser(name),
    ];
    for (const end of endings) {
      await directory.enableUser(name);
      await directory.setPassword(name, 'p');
      await giveToken();
      expect(await comesIn()).toBe(true);
      expect(await end()).toBe('done');
      expect(await comesIn()).toBe(false);
    }
  });

  test('the same role again leaves tokens as they are', async () => {
    await giveToken();
    expect(await directory.assignRole(name, first.id, 'reader')).toBe('done');
    expect(await comesIn()).toBe(true);
  });

  test('the last administrator stays; with another, the first may go', async () => {
    const attempts = [
      () => directory.disableUser('ada', 5_000),
      () => directory.removeUser('ada'),
      () => directory.withdrawRole('ada', first.id),
      () => directory.assignRole('ada', first.id, 'operator'),
    ];
    for (const attempt of attempts) expect(await attempt()).toBe('last_administrator');
    expect(await directory.showUser('ada')).toMatchObject({ disabledAtMs: null, roles: [{ role: 'administrator' }] });

    await directory.assignRole(name, first.id, 'administrator');
    await directory.disableUser(name, 5_000);
    for (const attempt of attempts) expect(await attempt()).toBe('last_administrator');
    await directory.enableUser(name);
    expect(await directory.withdrawRole('ada', first.id)).toBe('done');
    expect(await directory.assignRole('ada', first.id, 'administrator')).toBe('done');
    expect(await directory.removeUser(name)).toBe('done');
  });

  test('who is no administrator may go, though there is one alone', async () => {
    expect(await directory.disableUser(name, 5_000)).toBe('done');
    expect(await directory.enableUser(name)).toBe('done');
    await directory.assignRole(name, first.id, 'reader');
    expect(await directory.withdrawRole(name, first.id)).toBe('done');
    expect(await directory.removeUser(name)).toBe('done');
  });

  test('what is not there is named', async () => {
    expect(await directory.disableUser('nobody', 1)).toBe('user_not_found');
    expect(await directory.assignRole(name, 'nowhere', 'reader')).toBe('project_not_found');
    expect(await directory.withdrawRole(name, first.id)).toBe('role_not_found');
    const key = { accessKey: 'K', userName: name, projectId: first.id, sealedSecret: 's', nowMs: 1 };
    expect(await directory.addAccessKey(key)).toBe('role_not_found');
    expect(await directory.addAccessKey({ ...key, userName: 'nobody' })).toBe('user_not_found');
    expect(await directory.disableAccessKey('nothing', 1)).toBeNull();
  });

  test('an access key signs with the role of now, and not when it or its user is disabled', async () => {
    const accessKey = `KEY-${name}`;
    await directory.assignRole(name, first.id, 'reader');
    const key = { accessKey, userName: name, projectId: first.id, sealedSecret: 'sealed', nowMs: 4_000 };
    expect(await directory.addAccessKey(key)).toBe('added');
    const signer = { accessKey, sealedSecret: 'sealed', userName: name, projectId: first.id };
    expect(await identity.findSigner(accessKey)).toEqual({ ...signer, role: 'reader' });
    await directory.assignRole(name, first.id, 'operator');
    expect(await identity.findSigner(accessKey)).toEqual({ ...signer, role: 'operator' });
    await directory.disableUser(name, 5_000);
    expect(await identity.findSigner(accessKey)).toBeNull();
    await directory.enableUser(name);
    await directory.withdrawRole(name, first.id);
    expect(await identity.findSigner(accessKey)).toBeNull();
    await directory.assignRole(name, first.id, 'reader');
    expect(await identity.findSigner(accessKey)).not.toBeNull();
    const record = { accessKey, userName: name, projectId: first.id, createdAtMs: 4_000 };
    expect(await directory.disableAccessKey(accessKey, 6_000)).toEqual({ ...record, disabledAtMs: 6_000 });
    expect(await directory.disableAccessKey(accessKey, 7_000)).toEqual({ ...record, disabledAtMs: 6_000 });
    expect(await identity.findSigner(accessKey)).toBeNull();
    expect(await directory.listAccessKeys()).toContainEqual({ ...record, disabledAtMs: 6_000 });
  });

  test('the sealed secrets are those of every key that is not disabled, whoever has it', async () => {
    const sealed = { accessKey: `KEY-${name}`, sealedSecret: 'sealed' };
    await directory.assignRole(name, first.id, 'reader');
    await directory.addAccessKey({ ...sealed, userName: name, projectId: first.id, nowMs: 4_000 });
    await directory.disableUser(name, 5_000);
    expect(await identity.listSealedSecrets()).toContainEqual(sealed);
    await directory.disableAccessKey(sealed.accessKey, 6_000);
    expect(await identity.listSealedSecrets()).not.toContainEqual(sealed);
  });

  test('with a second project the first keeps the buckets that it uses, by name, and no other', async () => {
    const all = { projectId: first.id, storageUnitId: everything, bucketName: everything, prefix: '' };
    expect(await grants.listGrants(null)).toEqual([all]);
    await opened.sourceStore.addSource(makeSource(first.id, 'source-1'));
    const kept = { projectId: first.id, storageUnitId: 'unit-1', bucketName: 'bucket-1', prefix: '' };
    expect(await directory.addProject({ id: 'project-2', name: 'second', createdAtMs: 2 })).toEqual([kept]);
    expect(await grants.listGrants(null)).toEqual([kept]);
    expect(await directory.addProject({ id: 'project-3', name: 'third', createdAtMs: 3 })).toEqual([]);
    expect((await directory.listProjects()).map((project) => project.name)).toEqual(['default', 'second', 'third']);
  });

  test('a grant is there once, and is taken away as it was given', async () => {
    const grant = { projectId: 'project-2', storageUnitId: 'unit-1', bucketName: 'shared', prefix: 'team/' };
    expect(await grants.addGrant(grant)).toEqual([]);
    expect(await grants.addGrant(grant)).toEqual([]);
    expect(await grants.listGrants('project-2')).toEqual([grant]);
    expect(await grants.removeGrant({ ...grant, prefix: '' })).toBe(false);
    expect(await grants.removeGrant(grant)).toBe(true);
    expect(await grants.listGrants('project-2')).toEqual([]);
  });
}
