import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import type { OpenCatalogue } from './fixtures-for-conformance.ts';
import type { TokenRecord } from './identity-records.ts';

/** Tests what every identity store does. */
export function describeIdentityStore(open: OpenCatalogue): void {
  const project = { id: 'project-1', name: 'default' };
  const user = { id: 'user-1', name: 'ada', passwordHash: 'hash-1' };
  const token: TokenRecord = {
    tokenHash: 'ab12',
    userId: user.id,
    userName: user.name,
    kind: 'user',
    projectId: project.id,
    role: 'administrator',
    issuedAtMs: 1_000,
    expiresAtMs: 2_000,
  };
  const ground = { kind: 'password', passwordHash: user.passwordHash } as const;
  let catalogue: Catalogue;

  beforeAll(async () => {
    catalogue = await open();
    expect(await catalogue.identity.findOldestProject()).toBeNull();
    expect(await catalogue.identity.begin({ project, nowMs: 1_000 })).toEqual(project);
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  test('creates the first project once: later starts find it', async () => {
    expect(await catalogue.identity.begin({ project: { id: 'project-2', name: 'other' }, nowMs: 500 })).toEqual(
      project,
    );
    expect(await catalogue.identity.findProject({ name: 'other' })).toBeNull();
    expect(await catalogue.identity.findOldestProject()).toEqual(project);
  });

  test('creates the first user as administrator, once', async () => {
    expect(await catalogue.identity.hasUsers()).toBe(false);
    expect(await catalogue.identity.addFirstAdministrator({ user, projectId: project.id, nowMs: 1_000 })).toBe(true);
    expect(await catalogue.identity.hasUsers()).toBe(true);
    const eve = { id: 'user-2', name: 'eve', passwordHash: 'x' };
    expect(await catalogue.identity.addFirstAdministrator({ user: eve, projectId: project.id, nowMs: 1_000 })).toBe(
      false,
    );
    expect(await catalogue.identity.findUser('eve')).toBeNull();
    expect(await catalogue.identity.findUser('ada')).toEqual({ ...user, disabledAtMs: null });
    expect(await catalogue.identity.findRole(user.id, project.id)).toBe('administrator');
    expect(await catalogue.identity.findRole(user.id, 'project-2')).toBeNull();
  });

  test('finds projects by id and by name', async () => {
    expect(await catalogue.identity.findProject({ id: project.id })).toEqual(project);
    expect(await catalogue.identity.findProject({ name: project.name })).toEqual(project);
    expect(await catalogue.identity.findProject({ name: project.id })).toBeNull();
  });

  test('lists the projects in which a user has a role, by name', async () => {
    await catalogue.directory.addProject({ id: 'project-4', name: 'archive', createdAtMs: 1_000 });
    await catalogue.directory.addProject({ id: 'project-5', name: 'closed', createdAtMs: 1_000 });
    await catalogue.directory.assignRole('ada', 'project-4', 'reader');
    expect(await catalogue.identity.listProjectsOf(user.id)).toEqual([{ id: 'project-4', name: 'archive' }, project]);
    await catalogue.directory.withdrawRole('ada', 'project-4');
    expect(await catalogue.identity.listProjectsOf(user.id)).toEqual([project]);
    expect(await catalogue.identity.listProjectsOf('')).toEqual([]);
  });

  test('finds a token until it expires or is removed', async () => {
    expect(await catalogue.identity.saveToken(token, ground)).toBe(true);
    expect(await catalogue.identity.findToken('ab12', 1_999)).toEqual(token);
    expect(await catalogue.identity.findToken('ab12', 2_000)).toBeNull();
    expect(await catalogue.identity.findToken('AB12', 1_999)).toBeNull();
    await catalogue.identity.removeToken('ab12');
    expect(await catalogue.identity.findToken('ab12', 1_999)).toBeNull();
    await catalogue.identity.removeToken('ab12');
  });

  test('deletes expired tokens when another one is issued', async () => {
    await catalogue.identity.saveToken({ ...token, tokenHash: 'old', issuedAtMs: 1_000, expiresAtMs: 2_000 }, ground);
    await catalogue.identity.saveToken({ ...token, tokenHash: 'fresh', issuedAtMs: 1_999, expiresAtMs: 3_000 }, ground);
    expect(await catalogue.identity.findToken('old', 1_500)).not.toBeNull();
    await catalogue.identity.saveToken(
      { ...token, tokenHash: 'newest', issuedAtMs: 2_000, expiresAtMs: 4_000 },
      ground,
    );
    expect(await catalogue.identity.findToken('old', 1_500)).toBeNull();
    expect(await catalogue.identity.findToken('fresh', 2_000)).not.toBeNull();
  });

  test('stores a token of the system, which has no user', async () => {
    const ofSystem = { ...token, tokenHash: 'cd34', userId: null, userName: 'root', kind: 'system' as const };
    expect(await catalogue.identity.saveToken(ofSystem, { kind: 'operator' })).toBe(true);
    expect(await catalogue.identity.findToken('cd34', 1_500)).toEqual(ofSystem);
  });

  test('stores no token if the password, role, user or earlier token it is issued for is no longer valid', async () => {
    const late = { ...token, tokenHash: 'late' };
    expect(await catalogue.identity.saveToken(late, { kind: 'password', passwordHash: 'before' })).toBe(false);
    expect(await catalogue.identity.saveToken({ ...late, role: 'reader' }, ground)).toBe(false);
    expect(await catalogue.identity.saveToken(late, { kind: 'token', tokenHash: 'gone' })).toBe(false);
    expect(await catalogue.identity.saveToken({ ...token, tokenHash: 'ended' }, ground)).toBe(true);
    expect(
      await catalogue.identity.saveToken({ ...late, issuedAtMs: 2_000 }, { kind: 'token', tokenHash: 'ended' }),
    ).toBe(false);
    await catalogue.directory.addUser({ id: 'user-3', name: 'bob', passwordHash: 'b', nowMs: 1 });
    await catalogue.directory.assignRole('bob', project.id, 'reader');
    await catalogue.directory.disableUser('bob', 2);
    const ofBob = { ...late, userId: 'user-3', userName: 'bob', role: 'reader' } as const;
    expect(await catalogue.identity.saveToken(ofBob, { kind: 'password', passwordHash: 'b' })).toBe(false);
    expect(await catalogue.identity.findToken('late', 1_500)).toBeNull();
  });
}
