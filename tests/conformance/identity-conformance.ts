import { expect, test } from 'vitest';
import type { ErrorCode } from '../../packages/contracts/src/index.ts';
import type { Door } from './door.ts';

const password = 'a password of twelve';

/** Tests of the calls of administrators, the same for every interface. The interface is open when they run. */
export function identityConformance(call: Door['call'], refused: (code: ErrorCode) => unknown): void {
  test('a user is created once, disabled and enabled again, and removed', async () => {
    expect((await call('createUser', { name: 'ada', password })).user).toMatchObject({ name: 'ada' });
    await expect(call('createUser', { name: 'ada', password })).rejects.toEqual(refused('user_name_taken'));
    await expect(call('createUser', { name: 'bob', password: 'short' })).rejects.toEqual(refused('invalid_request'));
    expect((await call('listUsers', {})).users.map(({ name }) => name)).toContain('ada');
    const user_name = 'ada';
    expect((await call('disableUser', { user_name })).user.disabled_at).not.toBeNull();
    expect((await call('enableUser', { user_name })).user.disabled_at).toBeNull();
    await call('setUserPassword', { user_name, password: `another ${password}` });
    await call('removeUser', { user_name });
    await expect(call('removeUser', { user_name })).rejects.toEqual(refused('user_not_found'));
  });

  test('the node that answers is listed, or none if no server uses the catalogue', async () => {
    const { nodes } = await call('listNodes', {});
    expect(nodes.map(({ clock_ahead_ms, operations }) => ({ clock_ahead_ms, operations }))).toEqual(
      nodes.length === 0 ? [] : [{ clock_ahead_ms: 0, operations: [] }],
    );
  });

  test('a project has its own roles, buckets and access keys, and changes are audited', async () => {
    const { project } = await call('createProject', { name: 'payroll' });
    await expect(call('createProject', { name: 'payroll' })).rejects.toEqual(refused('project_name_taken'));
    expect((await call('listProjects', {})).projects.map(({ name }) => name)).toContain('payroll');
    const of = { user_name: 'grace', target_project_id: project.id };
    await call('createUser', { name: of.user_name, password });
    await expect(call('createAccessKey', of)).rejects.toBeDefined();
    await call('grantRole', { ...of, role: 'operator' });
    const { access_key: key } = await call('createAccessKey', of);
    expect((await call('listAccessKeys', {})).access_keys.map((each) => each.access_key)).toEqual([key.access_key]);
    await call('disableAccessKey', { access_key: key.access_key });
    await call('revokeRole', of);

    const place = { target_project_id: project.id, bucket_name: 'vmware-backups', prefix: 'folder/' };
    const { grant } = await call('grantBucket', place);
    expect((await call('listBucketGrants', {})).grants).toContainEqual(grant);
    await call('revokeBucket', place);
    const { audit_events: events } = await call('listAuditEvents', { operation: 'grantBucket' });
    expect(events.map(({ operation, outcome }) => [operation, outcome])).toEqual([['grantBucket', 'done']]);
  });
}
