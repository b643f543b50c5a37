import { roles } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { loweredRole, rolesInOrder } from './lowered-role.ts';

const held = [
  { project_id: 'one', project_name: 'One', role: 'operator' },
  { project_id: 'two', project_name: 'Two', role: 'reader' },
] as const;

test.each([
  ['one', 'reader', 'One'],
  ['one', 'operator', undefined],
  ['one', 'administrator', undefined],
  ['two', 'reader', undefined],
  ['three', 'reader', undefined],
] as const)('in project %s, the role %s lowers that in %s', (projectId, role, project) => {
  expect(loweredRole(held, projectId, role)?.project_name).toBe(project);
});

test('the roles are in the order in which the server compares them', () => {
  expect(rolesInOrder).toEqual(roles);
});
