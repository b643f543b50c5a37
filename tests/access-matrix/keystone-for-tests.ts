import { startHttpServer } from '../../apps/cli/src/testing-servers.ts';
import { roles } from '../../packages/contracts/src/index.ts';
import type { KeystoneOptions } from '../../packages/engine/src/index.ts';

/** A Keystone that knows the service, and a token `keystone-<role>` for each role in one project. */
export async function startKeystone(
  projectId: string,
): Promise<AsyncDisposable & { readonly options: KeystoneOptions }> {
  const domain = { id: 'default', name: 'Default' };
  const server = await startHttpServer((request, response) => {
    const subject = String(request.headers['x-subject-token'] ?? '');
    const role = /^keystone-(\w+)$/.exec(subject)?.[1];
    const times = { issued_at: '2026-11-23T00:00:00.000000Z', expires_at: '2999-01-01T00:00:00.000000Z' };
    const user = { id: 'u', name: role ?? 'service', domain };
    const project = { id: projectId, name: projectId, domain };
    const token = { ...times, user, project, roles: [{ name: role ?? 'service' }] };
    const status = request.method === 'POST' ? 201 : role === undefined ? 404 : 200;
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json', 'X-Subject-Token': subject || 'service' });
    response.end(JSON.stringify(status === 404 ? { error: { code: 404 } } : { token }));
  });
  return {
    options: {
      url: `${server.endpoint}/v3`,
      user: 'backup-sync',
      password: 'password',
      userDomain: 'Default',
      project: 'service',
      projectDomain: 'Default',
      roles: new Map(roles.map((role) => [role, role])),
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
