import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { isSignedOut } from '../api/failure.ts';
import { useLiveOperations } from '../api/live-operations.ts';
import { addressOf } from '../api/places.ts';
import { sessionOptions, useMay, useSession } from '../api/session.ts';
import icon from '../icon.svg';
import { Announcements } from '../parts/announcements.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { shell } from '../words/shell.ts';
import { ProjectSwitch } from './project-switch.tsx';
import { SignOut } from './sign-out.tsx';

type Entry = { readonly to: NonNullable<LinkProps['to']>; readonly icon: IconName; readonly label: string };

const mainEntries: readonly Entry[] = [
  { to: '/', icon: 'overview', label: shell.overview },
  { to: '/operations', icon: 'operations', label: shell.operations },
  { to: '/import', icon: 'import', label: shell.import },
  { to: '/sources', icon: 'sources', label: shell.sources },
];

const administrationEntries: readonly Entry[] = [
  { to: '/administration/users', icon: 'users', label: shell.users },
  { to: '/administration/projects', icon: 'projects', label: shell.projects },
  { to: '/administration/buckets', icon: 'buckets', label: shell.buckets },
  { to: '/administration/access-keys', icon: 'accessKeys', label: shell.accessKeys },
  { to: '/administration/hooks', icon: 'hooks', label: shell.hooks },
  { to: '/administration/audit', icon: 'audit', label: shell.audit },
  { to: '/administration/nodes', icon: 'nodes', label: shell.nodes },
];

/** What an outside identity service keeps: the calls of these screens refuse it. */
const keptOutside: readonly Entry['to'][] = [
  '/administration/users',
  '/administration/projects',
  '/administration/access-keys',
];

/** The frame of every page inside: menu, project, and the place of the screen. */
export function Shell() {
  const session = useSession();
  const mayImport = useMay('operator');
  const mayAdminister = useMay('administrator');
  const live = useLiveOperations(session.project_id);
  const [isOpen, setOpen] = useState(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useLeaveWithoutSession();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path closes the menu.
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="shell">
      <a href={addressOf('#content')} className="skip">
        {shell.skip}
      </a>
      <header className="shell-menu">
        <Link to="/" className="brand">
          <img src={icon} alt="" width="28" height="28" />
          {shell.name}
        </Link>
        <button
          type="button"
          className="button menu-toggle"
          aria-expanded={isOpen}
          aria-controls="menu"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="menu" />
          {shell.menu}
        </button>
        <div id="menu" className={isOpen ? 'menu open' : 'menu'}>
          <Entries title={shell.main} entries={mainEntries.filter(({ to }) => mayImport || to !== '/import')} />
          {mayAdminister && (
            <Entries
              title={shell.administration}
              entries={administrationEntries.filter(
                ({ to }) => session.identity === 'embedded' || !keptOutside.includes(to),
              )}
            />
          )}
          <Who live={live === 'live'} />
        </div>
      </header>
      <main id="content" className="shell-main" tabIndex={-1}>
        <Outlet />
      </main>
      <Announcements />
    </div>
  );
}

function Entries({ title, entries }: { readonly title: string; readonly entries: readonly Entry[] }) {
  return (
    <nav aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {entries.map(({ to, icon: name, label }) => (
          <li key={label}>
            <Link
              to={to}
              className="menu-link"
              activeProps={{ className: 'active' }}
              activeOptions={{ exact: to === '/', includeSearch: false }}
            >
              <Icon name={name} />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Who({ live }: { readonly live: boolean }) {
  const session = useSession();
  return (
    <div className="who">
      <ProjectSwitch />
      <div className="name">{shell.signedInAs(session.user_name, session.role)}</div>
      <div className={live ? 'live on' : 'live'} role="status">
        {live ? shell.live : shell.waiting}
      </div>
      <SignOut />
    </div>
  );
}

/** Leads to the sign-in once the session has ended, and back to this page afterwards. */
function useLeaveWithoutSession(): void {
  const { error } = useQuery(sessionOptions);
  const navigate = useNavigate();
  const here = useRouterState({ select: ({ location }) => location.href });
  useEffect(() => {
    // The location changes before this frame goes: once is enough.
    if (error === null || !isSignedOut(error) || here.startsWith('/sign-in')) return;
    void navigate({ to: '/sign-in', search: { next: here } });
  }, [error, here, navigate]);
}
