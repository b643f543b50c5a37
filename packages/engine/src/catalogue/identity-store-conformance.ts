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
    role: 'operator',
    issuedAtMs: 1_000,
    expiresAtMs: 2_000,
  };
  let opened: Awaited<ReturnType<OpenCatalogue>>;
  let store: IdentityStore;

  beforeAll(async () => {
    opened = await open();
    store = opened.identityStore;
    expect(await store.begin({ project, nowMs: 1_000 })).toEqual(project);
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  test('begins once: later starts find the project that is there', async () => {
    expect(await store.begin({ project: { id: 'project-2', name: 'other' }, nowMs: 500 })).toEqual(project);
    expect(await store.findProject({ name: 'other' })).toBeNull();
  });

  test('makes the first user administrator, once', async () => {
    expect(await store.hasUsers()).toBe(false);
    expect(await store.addFirstAdministrator({ user, projectId: project.id, nowMs: 1_000 })).toBe(true);
    expect(await store.hasUsers()).toBe(true);
    const eve = { id: 'user-2', name: 'eve', passwordHash: 'x' };
    expect(await store.addFirstAdministrator({ user: eve, projectId: project.id, nowMs: 1_000 })).toBe(false);
    expect(await store.findUser('eve')).toBeNull();
    expect(await store.findUser('ada')).toEqual(user);
    expect(await store.findRole(user.id, project.id)).toBe('administrator');
    expect(await store.findRole(user.id, 'project-2')).toBeNull();
  });

  test('finds projects by id and by name', async () => {
    expect(await store.findProject({ id: project.id })).toEqual(project);
    expect(await store.findProject({ name: project.name })).toEqual(project);
    expect(await store.findProject({ name: project.id })).toBeNull();
  });

  test('binds the first project to every bucket, and others to none', async () => {
    expect(await store.bucketsBoundTo(project.id, 'unit-1')).toBe('all');
    expect(await store.bucketsBoundTo('project-2', 'unit-1')).toEqual([]);
  });

  test('keeps a token until it is removed, expired or not', async () => {
    await store.saveToken(token);
    expect(await store.findToken('ab12')).toEqual(token);
    expect(await store.findToken('AB12')).toBeNull();
    await store.removeToken('ab12');
    expect(await store.findToken('ab12')).toBeNull();
    await store.removeToken('ab12');
  });

  test('sweeps out tokens that had ended when another is issued', async () => {
    await store.saveToken({ ...token, tokenHash: 'old', issuedAtMs: 1_000, expiresAtMs: 2_000 });
    await store.saveToken({ ...token, tokenHash: 'fresh', issuedAtMs: 1_999, expiresAtMs: 3_000 });
    expect(await store.findToken('old')).not.toBeNull();
    await store.saveToken({ ...token, tokenHash: 'newest', issuedAtMs: 2_000, expiresAtMs: 4_000 });
    expect(await store.findToken('old')).toBeNull();
    expect(await store.findToken('fresh')).not.toBeNull();
  });

  test('keeps a token of the system, which has no user', async () => {
    const ofSystem = { ...token, tokenHash: 'cd34', userId: null, userName: 'root', kind: 'system' as const };
    await store.saveToken(ofSystem);
    expect(await store.findToken('cd34')).toEqual(ofSystem);
  });
}
