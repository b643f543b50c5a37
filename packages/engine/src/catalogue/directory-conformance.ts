import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { everything } from '../storage/grants.ts';
import type { Catalogue } from './catalogue.ts';
import { makeSource, type OpenCatalogue } from './fixtures-for-conformance.ts';
import { signerOf } from './identity-records.ts';

/** Tests what every directory of users and projects, and every store of grants, does. */
export function describeDirectory(open: OpenCatalogue): void {
  const first = { id: 'project-1', name: 'default' };
  let catalogue: Catalogue;
  let users = 0;
  /** A user that only this test uses. */
  let name: string;

  beforeAll(async () => {
    catalogue = await open();
    await catalogue.identity.begin({ project: first, nowMs: 1_000 });
    const ada = { id: 'ada-id', name: 'ada', passwordHash: 'a' };
    await catalogue.identity.addFirstAdministrator({ user: ada, projectId: first.id, nowMs: 1_000 });
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());
  beforeEach(async () => {
    users += 1;
    name = `user-${users}`;
    expect(await catalogue.directory.addUser({ id: `${name}-id`, name, passwordHash: 'p', nowMs: 2_000 })).toBe(
      'added',
    );
  });

  async function comesIn(): Promise<boolean> {
    return (await catalogue.identity.findToken(`${name}-token`, 3_000)) !== null;
  }

  async function giveToken(role: 'reader' | 'operator' | 'administrator' = 'reader'): Promise<void> {
    await catalogue.directory.assignRole(name, first.id, role);
    const record = { userId: `${name}-id`, userName: name, kind: 'user', projectId: first.id, role } as const;
    const times = { issuedAtMs: 3_000, expiresAtMs: 9_000 };
    const ground = { kind: 'password', passwordHash: 'p' } as const;
    expect(await catalogue.identity.saveToken({ tokenHash: `${name}-token`, ...record, ...times }, ground)).toBe(true);
  }

  test('a name can be used only once', async () => {
    expect(await catalogue.directory.addUser({ id: 'other', name, passwordHash: 'q', nowMs: 2_000 })).toBe(
      'name_taken',
    );
    const project = { id: 'p', name: 'default', createdAtMs: 1 };
    expect(await catalogue.directory.addProject(project)).toBe('name_taken');
  });

  test('users are listed by name with their roles, without their passwords', async () => {
    await catalogue.directory.assignRole(name, first.id, 'operator');
    const roles = [{ projectId: first.id, projectName: 'default', role: 'operator' }];
    const shown = { id: `${name}-id`, name, createdAtMs: 2_000, disabledAtMs: null, roles };
    expect(await catalogue.directory.showUser(name)).toEqual(shown);
    const listed = await catalogue.directory.listUsers();
    expect(listed).toContainEqual(shown);
    expect(listed.map((user) => user.name)).toEqual(listed.map((user) => user.name).toSorted());
    expect(await catalogue.directory.showUser('nobody')).toBeNull();
  });

  test('tokens end when the user is disabled or removed, or the password or role changes', async () => {
    const endings: (() => Promise<unknown>)[] = [
      () => catalogue.directory.disableUser(name, 5_000),
      () => catalogue.directory.assignRole(name, first.id, 'operator'),
      () => catalogue.directory.withdrawRole(name, first.id),
      () => catalogue.directory.setPassword(name, 'another'),
      () => catalogue.directory.removeUser(name),
    ];
    for (const end of endings) {
      await catalogue.directory.enableUser(name);
      await catalogue.directory.setPassword(name, 'p');
      await giveToken();
      expect(await comesIn()).toBe(true);
      expect(await end()).toBe('done');
      expect(await comesIn()).toBe(false);
    }
  });

  test('assigning the same role again leaves tokens unchanged', async () => {
    await giveToken();
    expect(await catalogue.directory.assignRole(name, first.id, 'reader')).toBe('done');
    expect(await comesIn()).toBe(true);
  });

  test('the last administrator cannot be removed, but one of two can', async () => {
    const attempts = [
      () => catalogue.directory.disableUser('ada', 5_000),
      () => catalogue.directory.removeUser('ada'),
      () => catalogue.directory.withdrawRole('ada', first.id),
      () => catalogue.directory.assignRole('ada', first.id, 'operator'),
    ];
    for (const attempt of attempts) expect(await attempt()).toBe('last_administrator');
    expect(await catalogue.directory.showUser('ada')).toMatchObject({
      disabledAtMs: null,
      roles: [{ role: 'administrator' }],
    });

    await catalogue.directory.assignRole(name, first.id, 'administrator');
    await catalogue.directory.disableUser(name, 5_000);
    for (const attempt of attempts) expect(await attempt()).toBe('last_administrator');
    await catalogue.directory.enableUser(name);
    expect(await catalogue.directory.withdrawRole('ada', first.id)).toBe('done');
    expect(await catalogue.directory.assignRole('ada', first.id, 'administrator')).toBe('done');
    expect(await catalogue.directory.removeUser(name)).toBe('done');
  });

  test('a user who is not an administrator can be removed while there is only one administrator', async () => {
    expect(await catalogue.directory.disableUser(name, 5_000)).toBe('done');
    expect(await catalogue.directory.enableUser(name)).toBe('done');
    await catalogue.directory.assignRole(name, first.id, 'reader');
    expect(await catalogue.directory.withdrawRole(name, first.id)).toBe('done');
    expect(await catalogue.directory.removeUser(name)).toBe('done');
  });

  test('a change says whether the user, project or role does not exist', async () => {
    expect(await catalogue.directory.disableUser('nobody', 1)).toBe('user_not_found');
    expect(await catalogue.directory.assignRole(name, 'nowhere', 'reader')).toBe('project_not_found');
    expect(await catalogue.directory.withdrawRole(name, first.id)).toBe('role_not_found');
    const key = { accessKey: 'K', userName: name, projectId: first.id, sealedSecret: 's', nowMs: 1 };
    expect(await catalogue.directory.addAccessKey(key)).toBe('role_not_found');
    expect(await catalogue.directory.addAccessKey({ ...key, userName: 'nobody' })).toBe('user_not_found');
    expect(await catalogue.directory.disableAccessKey('nothing', 1)).toBeNull();
  });

  test('an access key has the current role of its user, and none once it or its user is disabled', async () => {
    const accessKey = `KEY-${name}`;
    await catalogue.directory.assignRole(name, first.id, 'reader');
    const key = { accessKey, userName: name, projectId: first.id, sealedSecret: 'sealed', nowMs: 4_000 };
    expect(await catalogue.directory.addAccessKey(key)).toBe('added');
    const signer = { accessKey, sealedSecret: 'sealed', userName: name, projectId: first.id };
    expect(signerOf(await catalogue.identity.seekSigner(accessKey))).toEqual({ ...signer, role: 'reader' });
    await catalogue.directory.assignRole(name, first.id, 'operator');
    expect(signerOf(await catalogue.identity.seekSigner(accessKey))).toEqual({ ...signer, role: 'operator' });
    await catalogue.directory.disableUser(name, 5_000);
    expect(signerOf(await catalogue.identity.seekSigner(accessKey))).toBeNull();
    await catalogue.directory.enableUser(name);
    await catalogue.directory.withdrawRole(name, first.id);
    expect(signerOf(await catalogue.identity.seekSigner(accessKey))).toBeNull();
    await catalogue.directory.assignRole(name, first.id, 'reader');
    expect(signerOf(await catalogue.identity.seekSigner(accessKey))).not.toBeNull();
    const record = { accessKey, userName: name, projectId: first.id, createdAtMs: 4_000 };
    expect(await catalogue.directory.disableAccessKey(accessKey, 6_000)).toEqual({ ...record, disabledAtMs: 6_000 });
    expect(await catalogue.directory.disableAccessKey(accessKey, 7_000)).toEqual({ ...record, disabledAtMs: 6_000 });
    expect(signerOf(await catalogue.identity.seekSigner(accessKey))).toBeNull();
    expect(await catalogue.directory.listAccessKeys()).toContainEqual({ ...record, disabledAtMs: 6_000 });
  });

  test('the sealed secrets of every enabled key are listed, even if its user is disabled', async () => {
    const accessKey = `KEY-${name}`;
    const sealed = { owner: accessKey, sealedSecret: 'sealed' };
    await catalogue.directory.assignRole(name, first.id, 'reader');
    await catalogue.directory.addAccessKey({
      accessKey,
      sealedSecret: 'sealed',
      userName: name,
      projectId: first.id,
      nowMs: 4_000,
    });
    await catalogue.directory.disableUser(name, 5_000);
    expect(await catalogue.identity.listSealedSecrets()).toContainEqual(sealed);
    await catalogue.directory.disableAccessKey(accessKey, 6_000);
    expect(await catalogue.identity.listSealedSecrets()).not.toContainEqual(sealed);
  });

  test('when a second project is added, the first keeps grants of just the buckets that it uses', async () => {
    const all = { projectId: first.id, storageUnitId: everything, bucketName: everything, prefix: '' };
    expect(await catalogue.grants.listGrants(null)).toEqual([all]);
    await catalogue.sources.addSource(makeSource(first.id, 'source-1'));
    const kept = { projectId: first.id, storageUnitId: 'unit-1', bucketName: 'bucket-1', prefix: '' };
    expect(await catalogue.directory.addProject({ id: 'project-2', name: 'second', createdAtMs: 2 })).toEqual([kept]);
    expect(await catalogue.grants.listGrants(null)).toEqual([kept]);
    expect(await catalogue.directory.addProject({ id: 'project-3', name: 'third', createdAtMs: 3 })).toEqual([]);
    expect((await catalogue.directory.listProjects()).map((project) => project.name)).toEqual([
      'default',
      'second',
      'third',
    ]);
  });

  test('a grant is stored once, and removed only by its exact prefix', async () => {
    const grant = { projectId: 'project-2', storageUnitId: 'unit-1', bucketName: 'shared', prefix: 'team/' };
    expect(await catalogue.grants.addGrant(grant)).toEqual([]);
    expect(await catalogue.grants.addGrant(grant)).toEqual([]);
    expect(await catalogue.grants.listGrants('project-2')).toEqual([grant]);
    expect(await catalogue.grants.removeGrant({ ...grant, prefix: '' })).toBe(false);
    expect(await catalogue.grants.removeGrant(grant)).toBe(true);
    expect(await catalogue.grants.listGrants('project-2')).toEqual([]);
  });
}
