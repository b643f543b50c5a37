import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IdentityStore, TokenRecord } from '../identity/store.ts';
import type { OpenCatalogue } from './fixtures-for-conformance.ts';

/** What every identity store does. */
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
  let opened: Awaited<ReturnType<OpenCatalogue>>;
  let store: IdentityStore;

  beforeAll(async () => {
    opened = await open();
    store = opened.identityStore;
    expect(await store.findOldestProject()).toBeNull();
    expect(await store.begin({ project, nowMs: 1_000 })).toEqual(project);
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  test('begins once: later starts find the project that is there', async () => {
    expect(await store.begin({ project: { id: 'project-2', name: 'other' }, nowMs: 500 })).toEqual(project);
    expect(await store.findProject({ name: 'other' })).toBeNull();
    expect(await store.findOldestProject()).toEqual(project);
  });

  test('makes the first user administrator, once', async () => {
    expect(await store.hasUsers()).toBe(false);
    expect(await store.addFirstAdministrator({ user, projectId: project.id, nowMs: 1_000 })).toBe(true);
    expect(await store.hasUsers()).toBe(true);
    const eve = { id: 'user-2', name: 'eve', passwordHash: 'x' };
    expect(await store.addFirstAdministrator({ user: eve, projectId: project.id, nowMs: 1_000 })).toBe(false);
    expect(await store.findUser('eve')).toBeNull();
    expect(await store.findUser('ada')).toEqual({ ...user, disabledAtMs: null });
    expect(await store.findRole(user.id, project.id)).toBe('administrator');
    expect(await store.findRole(user.id, 'project-2')).toBeNull();
  });

  test('finds projects by id and by name', async () => {
    expect(await store.findProject({ id: project.id })).toEqual(project);
    expect(await store.findProject({ name: project.name })).toEqual(project);
    expect(await store.findProject({ name: project.id })).toBeNull();
  });

  test('keeps a token until it has ended or is removed', async () => {
    expect(await store.saveToken(token, ground)).toBe(true);
    expect(await store.findToken('ab12', 1_999)).toEqual(token);
    expect(await store.findToken('ab12', 2_000)).toBeNull();
    expect(await store.findToken('AB12', 1_999)).toBeNull();
    await store.removeToken('ab12');
    expect(await store.findToken('ab12', 1_999)).toBeNull();
    await store.removeToken('ab12');
  });

  test('sweeps out tokens that had ended when another is issued', async () => {
    await store.saveToken({ ...token, tokenHash: 'old', issuedAtMs: 1_000, expiresAtMs: 2_000 }, ground);
    await store.saveToken({ ...token, tokenHash: 'fresh', issuedAtMs: 1_999, expiresAtMs: 3_000 }, ground);
    expect(await store.findToken('old', 1_500)).not.toBeNull();
    await store.saveToken({ ...token, tokenHash: 'newest', issuedAtMs: 2_000, expiresAtMs: 4_000 }, ground);
    expect(await store.findToken('old', 1_500)).toBeNull();
    expect(await store.findToken('fresh', 2_000)).not.toBeNull();
  });

  test('keeps a token of the system, which has no user', async () => {
    const ofSystem = { ...token, tokenHash: 'cd34', userId: null, userName: 'root', kind: 'system' as const };
    expect(await store.saveToken(ofSystem, { kind: 'operator' })).toBe(true);
    expect(await store.findToken('cd34', 1_500)).toEqual(ofSystem);
  });

  test('keeps no token whose ground is gone: another password or role by now, or the token before it ended', async () => {
    const late = { ...token, tokenHash: 'late' };
    expect(await store.saveToken(late, { kind: 'password', passwordHash: 'before' })).toBe(false);
    expect(await store.saveToken({ ...late, role: 'reader' }, ground)).toBe(false);
    expect(await store.saveToken(late, { kind: 'token', tokenHash: 'gone' })).toBe(false);
    expect(await store.saveToken({ ...token, tokenHash: 'ended' }, ground)).toBe(true);
    expect(await store.saveToken({ ...late, issuedAtMs: 2_000 }, { kind: 'token', tokenHash: 'ended' })).toBe(false);
    await opened.directory.addUser({ id: 'user-3', name: 'bob', passwordHash: 'b', nowMs: 1 });
    await opened.directory.assignRole('bob', project.id, 'reader');
    await opened.directory.disableUser('bob', 2);
    const ofBob = { ...late, userId: 'user-3', userName: 'bob', role: 'reader' } as const;
    expect(await store.saveToken(ofBob, { kind: 'password', passwordHash: 'b' })).toBe(false);
    expect(await store.findToken('late', 1_500)).toBeNull();
  });
}
