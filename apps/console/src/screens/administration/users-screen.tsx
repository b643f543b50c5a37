import type { User } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId, useSession } from '../../api/session.ts';
import { Badge } from '../../parts/badges.tsx';
import { Empty, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { usersWords as words } from '../../words/administration.ts';
import { KeptElsewhere } from './kept-elsewhere.tsx';
import { AddUser, DisableUser, EnableUser, RemoveUser, SetPassword } from './user-dialogs.tsx';
import { UserRoles } from './user-roles.tsx';
import './administration.css';

type Doing = 'roles' | 'password' | 'disable' | 'enable' | 'remove';
/** The dialog that is open: for a new user, or on one of those in the list. */
type Open = { readonly doing: 'add' } | { readonly doing: Doing; readonly userId: string };

/** The users of the installation and their roles. */
export function UsersScreen() {
  const { identity } = useSession();
  const mayChange = useMay('administrator') && identity === 'embedded';
  const [open, setOpen] = useState<Open | null>(null);
  const add = mayChange && (
    <button type="button" className="button main" onClick={() => setOpen({ doing: 'add' })}>
      {words.add}
    </button>
  );
  return (
    <Page title={words.title} sentence={words.sentence} actions={add}>
      {identity === 'outside' ? <KeptElsewhere what="users" /> : <Users open={open} setOpen={setOpen} />}
    </Page>
  );
}

type UsersProps = { readonly open: Open | null; readonly setOpen: (open: Open | null) => void };

function Users({ open, setOpen }: UsersProps) {
  const answer = useQuery(callOptions(useProjectId(), 'listUsers', {}));
  const columns: readonly Column<User>[] = [
    { title: words.name, cell: ({ name }) => <span className="short-name">{name}</span> },
    {
      title: words.state,
      cell: ({ disabled_at }) =>
        disabled_at === null ? (
          <Badge tone="good">{words.active}</Badge>
        ) : (
          <div className="actions">
            <Badge tone="quiet">{words.disabled}</Badge>
            <Time at={disabled_at} />
          </div>
        ),
    },
    { title: words.roles, cell: ({ roles }) => <Roles roles={roles} /> },
    { title: words.created, cell: ({ created_at }) => <Time at={created_at} /> },
    {
      title: words.actions,
      cell: (user) => (
        <div className="row-actions">
          <RowAction user={user} text={words.rolesAction} doing="roles" setOpen={setOpen} />
          <RowAction user={user} text={words.passwordAction} doing="password" setOpen={setOpen} />
          {user.disabled_at === null ? (
            <RowAction user={user} text={words.disable} doing="disable" setOpen={setOpen} />
          ) : (
            <RowAction user={user} text={words.enable} doing="enable" setOpen={setOpen} />
          )}
          <RowAction user={user} text={words.remove} doing="remove" setOpen={setOpen} />
        </div>
      ),
    },
  ];
  const close = () => setOpen(null);
  return (
    <Shown of={answer}>
      {({ users }) => {
        const chosen = open === null || open.doing === 'add' ? undefined : users.find(({ id }) => id === open.userId);
        return (
          <>
            {users.length === 0 ? (
              <Empty title={words.emptyTitle}>{words.emptyText}</Empty>
            ) : (
              <PagedTable caption={words.caption} columns={columns} rows={users} keyOf={({ id }) => id} />
            )}
            {open?.doing === 'add' && (
              <AddUser onAdded={({ id }) => setOpen({ doing: 'roles', userId: id })} onClose={close} />
            )}
            {open !== null && open.doing !== 'add' && chosen !== undefined && (
              <OfUser doing={open.doing} user={chosen} onClose={close} />
            )}
          </>
        );
      }}
    </Shown>
  );
}

function OfUser({ doing, user, onClose }: { doing: Doing; user: User; onClose: () => void }) {
  switch (doing) {
    case 'roles':
      return <UserRoles user={user} onClose={onClose} />;
    case 'password':
      return <SetPassword user={user} onClose={onClose} />;
    case 'disable':
      return <DisableUser user={user} onClose={onClose} />;
    case 'enable':
      return <EnableUser user={user} onClose={onClose} />;
    case 'remove':
      return <RemoveUser user={user} onClose={onClose} />;
  }
}

function Roles({ roles }: Pick<User, 'roles'>) {
  if (roles.length === 0) return <span className="quiet">{words.noRole}</span>;
  return (
    <ul>
      {roles.map(({ project_id, project_name, role }) => (
        <li key={project_id} className="name">
          {words.roleIn(role, project_name)}
        </li>
      ))}
    </ul>
  );
}

type RowActionProps = {
  readonly user: User;
  readonly text: string;
  readonly doing: Doing;
  readonly setOpen: (open: Open) => void;
};

function RowAction({ user, text, doing, setOpen }: RowActionProps) {
  return (
    <button
      type="button"
      className={doing === 'disable' || doing === 'remove' ? 'button plain danger' : 'button plain'}
      aria-label={words.of(text, user.name)}
      onClick={() => setOpen({ doing, userId: user.id })}
    >
      {text}
    </button>
  );
}
