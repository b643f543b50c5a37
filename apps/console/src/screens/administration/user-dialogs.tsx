import type { User } from '@backup-sync/contracts';
import type { ReactNode } from 'react';
import { useChange } from '../../api/use-change.ts';
import { announce } from '../../parts/announcements.tsx';
import { ChangeForm, textOf } from '../../parts/change-form.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { usersWords as words } from '../../words/administration.ts';

/** Characters that a new password has at least; the server refuses fewer. */
const passwordLeast = 12;

type OfUserProps = { readonly user: User; readonly onClose: () => void };

/** The form of a new user. */
export function AddUser({ onAdded, onClose }: { onAdded: (user: User) => void; onClose: () => void }) {
  const change = useChange('createUser', ['listUsers'], ({ user }) => {
    announce(words.added(user.name));
    onAdded(user);
  });
  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <ChangeForm
        change={change}
        fields={['name', 'password']}
        button={words.addButton}
        onSubmit={(form) => change.mutate({ name: textOf(form, 'name'), password: passwordOf(form) })}
        onCancel={onClose}
      >
        {(problem) => (
          <>
            <Field label={words.name} hint={words.nameHint} problem={problem('name')}>
              {(control) => (
                <input {...control} name="name" required autoCapitalize="none" autoComplete="off" spellCheck={false} />
              )}
            </Field>
            <PasswordField label={words.password} problem={problem('password')} />
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}

/** The form of a new password. */
export function SetPassword({ user: { name }, onClose }: OfUserProps) {
  const change = useChange('setUserPassword', ['listUsers'], () => {
    announce(words.passwordSet);
    onClose();
  });
  return (
    <Dialog title={words.passwordTitle(name)} onClose={onClose}>
      <ChangeForm
        change={change}
        fields={['password']}
        button={words.passwordButton}
        onSubmit={(form) => change.mutate({ user_name: name, password: passwordOf(form) })}
        onCancel={onClose}
      >
        {(problem) => (
          <>
            <p>{words.passwordText}</p>
            <PasswordField label={words.newPassword} problem={problem('password')} />
          </>
        )}
      </ChangeForm>
    </Dialog>
  );
}

function PasswordField({ label, problem }: { readonly label: string; readonly problem: string | undefined }) {
  return (
    <Field label={label} hint={words.passwordHint} problem={problem}>
      {(control) => (
        <input
          {...control}
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={passwordLeast}
          required
        />
      )}
    </Field>
  );
}

function passwordOf(form: FormData): string {
  return String(form.get('password') ?? '');
}

export function DisableUser({ user, onClose }: OfUserProps) {
  return (
    <ChangeUser
      call="disableUser"
      user={user}
      title={words.disableTitle(user.name)}
      button={words.disable}
      done={words.isDisabled(user.name)}
      onClose={onClose}
    >
      {words.disableText}
    </ChangeUser>
  );
}

export function EnableUser({ user, onClose }: OfUserProps) {
  return (
    <ChangeUser
      call="enableUser"
      user={user}
      title={words.enableTitle(user.name)}
      button={words.enable}
      done={words.isEnabled(user.name)}
      onClose={onClose}
    >
      {words.enableText}
    </ChangeUser>
  );
}

export function RemoveUser({ user, onClose }: OfUserProps) {
  return (
    <ChangeUser
      call="removeUser"
      user={user}
      title={words.removeTitle(user.name)}
      button={words.remove}
      done={words.isRemoved(user.name)}
      onClose={onClose}
    >
      {words.removeText}
    </ChangeUser>
  );
}

type ChangeUserProps = OfUserProps & {
  readonly call: 'disableUser' | 'enableUser' | 'removeUser';
  readonly title: string;
  readonly button: string;
  /** Announced when it is done. */
  readonly done: string;
  readonly children: ReactNode;
};

function ChangeUser({ call, user, title, button, done, onClose, children }: ChangeUserProps) {
  const change = useChange(call, ['listUsers', 'listAccessKeys'], () => {
    announce(done);
    onClose();
  });
  return (
    <ConfirmDialog
      title={title}
      button={button}
      change={change}
      onConfirm={() => change.mutate({ user_name: user.name })}
      onClose={onClose}
    >
      <p>{children}</p>
    </ConfirmDialog>
  );
}
