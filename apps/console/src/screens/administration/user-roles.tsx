import type { Role, User } from '@backup-sync/contracts';
import { useState } from 'react';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { roleMeanings, usersWords as words } from '../../words/administration.ts';
import { type HeldRole, loweredRole, rolesInOrder } from './lowered-role.ts';
import { ProjectField } from './project-field.tsx';

/** A change that takes something away from the user: a new, lower role, or none. */
type Asked = { readonly held: HeldRole; readonly given: Role | null };

/** The roles of a user: revokes them, and gives others. */
export function UserRoles({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState<Role>('reader');
  const [asked, setAsked] = useState<Asked | null>(null);
  const done = (text: string) => {
    setAsked(null);
    announce(text);
  };
  const grant = useChange('grantRole', ['listUsers'], () => done(words.granted));
  const revoke = useChange('revokeRole', ['listUsers', 'listAccessKeys'], () => done(words.revoked));
  const give = (projectId: string, role: Role) =>
    grant.mutate({ user_name: user.name, target_project_id: projectId, role });
  const confirm = ({ held, given }: Asked) => {
    if (given === null) revoke.mutate({ user_name: user.name, target_project_id: held.project_id });
    else give(held.project_id, given);
  };
  return (
    <>
      <Dialog title={words.rolesTitle(user.name)} onClose={onClose}>
        {user.roles.length === 0 ? (
          <p className="quiet">{words.noRole}</p>
        ) : (
          <ul className="stack">
            {user.roles.map((held) => (
              <li key={held.project_id} className="role">
                <span className="name">{words.roleIn(held.role, held.project_name)}</span>
                <button
                  type="button"
                  className="button"
                  aria-label={words.revokeOf(held.project_name)}
                  onClick={() => {
                    revoke.reset();
                    setAsked({ held, given: null });
                  }}
                >
                  {words.revoke}
                </button>
              </li>
            ))}
          </ul>
        )}
        <ChangeForm
          change={grant}
          fields={['target_project_id', 'role']}
          button={words.grant}
          onSubmit={(form) => {
            const projectId = textOf(form, 'target_project_id');
            const held = loweredRole(user.roles, projectId, chosen);
            grant.reset();
            if (held === undefined) give(projectId, chosen);
            else setAsked({ held, given: chosen });
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
                    {rolesInOrder.map((role) => (
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
      {asked !== null && (
        <ConfirmDialog
          title={words.lessTitle(user.name, asked.held.project_name)}
          button={asked.given === null ? words.revoke : words.grant}
          change={asked.given === null ? revoke : grant}
          onConfirm={() => confirm(asked)}
          onClose={() => setAsked(null)}
        >
          <p>
            {asked.given === null ? words.revokeText(asked.held.role) : words.lowerText(asked.held.role, asked.given)}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
