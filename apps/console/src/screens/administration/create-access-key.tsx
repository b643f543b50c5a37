import type { CallOutput, User } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { useChange } from '../../api/use-change.ts';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Shown } from '../../parts/notices.tsx';
import { usersWords, accessKeysWords as words } from '../../words/administration.ts';

type CreateAccessKeyProps = {
  readonly onCreated: (answer: CallOutput<'createAccessKey'>) => void;
  readonly onClose: () => void;
};

/** The form of a new access key. */
export function CreateAccessKey({ onCreated, onClose }: CreateAccessKeyProps) {
  const answer = useQuery(callOptions(useProjectId(), 'listUsers', {}));
  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <Shown of={answer}>{({ users }) => <KeyForm users={users} onCreated={onCreated} onClose={onClose} />}</Shown>
    </Dialog>
  );
}

function KeyForm({ users, onCreated, onClose }: CreateAccessKeyProps & { readonly users: readonly User[] }) {
  const [userName, setUserName] = useState(users[0]?.name ?? '');
  const roles = users.find(({ name }) => name === userName)?.roles ?? [];
  const change = useChange('createAccessKey', ['listAccessKeys'], onCreated);
  const create = (form: FormData) =>
    change.mutate({ user_name: userName, target_project_id: textOf(form, 'target_project_id') });
  return (
    <ChangeForm
      change={change}
      fields={['user_name', 'target_project_id']}
      button={words.addButton}
      onSubmit={create}
      onCancel={onClose}
    >
      {(problem) => (
        <>
          <Field label={words.user} hint={words.userHint} problem={problem('user_name')}>
            {(control) => (
              <select {...control} value={userName} onChange={(event) => setUserName(event.target.value)}>
                {users.map(({ id, name }) => (
                  <option key={id} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={words.project} problem={roles.length === 0 ? words.noRole : problem('target_project_id')}>
            {(control) => (
              <select {...control} name="target_project_id" required>
                {roles.map(({ project_id, project_name, role }) => (
                  <option key={project_id} value={project_id}>
                    {usersWords.roleIn(role, project_name)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </>
      )}
    </ChangeForm>
  );
}
