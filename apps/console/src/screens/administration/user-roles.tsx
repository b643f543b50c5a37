import type { Role, User } from '@backup-sync/contracts';
import { useState } from 'react';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { FailureNotice } from '../../parts/notices.tsx';
import { roleMeanings, usersWords as words } from '../../words/administration.ts';
import { ProjectField } from './project-field.tsx';

const roles = Object.keys(roleMeanings) as Role[];

/** The roles of a user: revokes them, and gives others. */
export function UserRoles({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState<Role>('reader');
  const grant = useChange('grantRole', ['listUsers'], () => announce(words.granted));
  const revoke = useChange('revokeRole', ['listUsers', 'listAccessKeys'], () => announce(words.revoked));
  return (
    <Dialog title={words.rolesTitle(user.name)} onClose={onClose}>
      {user.roles.length === 0 ? (
        <p className="quiet">{words.noRole}</p>
      ) : (
        <ul className="stack">
          {user.roles.map(({ project_id, project_name, role }) => (
            <li key={project_id} className="role">
              <span className="name">{words.roleIn(role, project_name)}</span>
              <button
                type="button"
                className="button"
                aria-label={words.revokeOf(project_name)}
                onClick={() => {
                  grant.reset();
                  revoke.mutate({ user_name: user.name, target_project_id: project_id });
                }}
              >
                {words.revoke}
              </button>
            </li>
          ))}
        </ul>
      )}
      {revoke.error !== null && <FailureNotice thrown={revoke.error} />}
      <ChangeForm
        change={grant}
        fields={['target_project_id', 'role']}
        button={words.grant}
        onSubmit={(form) => {
          revoke.reset();
          grant.mutate({
            user_name: user.name,
            target_project_id: textOf(form, 'target_project_id'),
            role: chosen,
          });
        }}
        onCancel={onClose}
        cancel={words.done}
      >
        {(problem) => (
          <>
            <ProjectField label={words.project} problem={problem('target_project_id')} hint={words.grantHint} />
            <Field label={words.role} hint={roleMeanings[chosen]} problem={problem('role')}>
              {(control) => (
                <select
                  {...control}
                  name="role"
                  value={chosen}
                  onChange={(event) => setChosen(event.target.value as Role)}
                >
                  {roles.map((role) => (
                    <option key={role} value={role}>
                      {role}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}
