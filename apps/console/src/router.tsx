import {
  createRootRoute,
  createRoute,
  createRouter,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from '@tanstack/react-router';
import { failureOf, isSignedOut } from './api/failure.ts';
import { basePath } from './api/places.ts';
import { queryClient } from './api/query-client.ts';
import { sessionOptions } from './api/session.ts';
import { BrokenScreen, MissingScreen } from './parts/failed-screens.tsx';
import { lazyScreen } from './parts/lazy-screen.ts';
import { Loading } from './parts/notices.tsx';
import { auditSearch } from './screens/administration/audit-search.ts';
import { chainSearch } from './screens/chain/chain-search.ts';
import { importSearch } from './screens/import/import-search.ts';
import { operationSearch, operationsSearch } from './screens/operations/operations-search.ts';
import { readOverviewAhead } from './screens/overview/overview-queries.ts';
import { overviewSearch } from './screens/overview/overview-search.ts';
import { signInSearch } from './screens/sign-in/sign-in-search.ts';
import { sourcesSearch } from './screens/sources/sources-search.ts';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute();

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: signInSearch,
  component: lazyScreen(() => import('./screens/sign-in/sign-in-screen.tsx'), 'SignInScreen'),
});

/** Everything that needs a session. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData({ ...sessionOptions, retry: false });
    } catch (thrown) {
      if (isSignedOut(thrown)) throw redirect({ to: '/sign-in', search: { next: location.href } });
      if (!failureOf(thrown).passes) throw thrown;
      // The shell waits until the server is there again.
      await queryClient.fetchQuery({ ...sessionOptions, retry: (_failures, each) => failureOf(each).passes });
    }
  },
});

const overview = createRoute({
  getParentRoute: () => inside,
  path: '/',
  validateSearch: overviewSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => readOverviewAhead(deps),
  component: lazyScreen(() => import('./screens/overview/overview-screen.tsx'), 'OverviewScreen'),
});

const resource = createRoute({
  getParentRoute: () => inside,
  path: '/resources/$resourceId',
  validateSearch: chainSearch,
  component: lazyScreen(() => import('./screens/chain/resource-screen.tsx'), 'ResourceScreen'),
});

/** Leads to the chain of a backup of which only the id is known. */
const backup = createRoute({
  getParentRoute: () => inside,
  path: '/backups/$backupId',
  component: lazyScreen(() => import('./screens/chain/backup-screen.tsx'), 'BackupScreen'),
});

const operations = createRoute({
  getParentRoute: () => inside,
  path: '/operations',
  validateSearch: operationsSearch,
  component: lazyScreen(() => import('./screens/operations/operations-screen.tsx'), 'OperationsScreen'),
});

const operation = createRoute({
  getParentRoute: () => inside,
  path: '/operations/$operationId',
  validateSearch: operationSearch,
  component: lazyScreen(() => import('./screens/operations/operation-screen.tsx'), 'OperationScreen'),
});

const importing = createRoute({
  getParentRoute: () => inside,
  path: '/import',
  validateSearch: importSearch,
  component: lazyScreen(() => import('./screens/import/import-screen.tsx'), 'ImportScreen'),
});

const sources = createRoute({
  getParentRoute: () => inside,
  path: '/sources',
  validateSearch: sourcesSearch,
  component: lazyScreen(() => import('./screens/sources/sources-screen.tsx'), 'SourcesScreen'),
});

const source = createRoute({
  getParentRoute: () => inside,
  path: '/sources/$sourceId',
  component: lazyScreen(() => import('./screens/sources/source-screen.tsx'), 'SourceScreen'),
});

const users = createRoute({
  getParentRoute: () => inside,
  path: '/administration/users',
  component: lazyScreen(() => import('./screens/administration/users-screen.tsx'), 'UsersScreen'),
});

const projects = createRoute({
  getParentRoute: () => inside,
  path: '/administration/projects',
  component: lazyScreen(() => import('./screens/administration/projects-screen.tsx'), 'ProjectsScreen'),
});

const buckets = createRoute({
  getParentRoute: () => inside,
  path: '/administration/buckets',
  component: lazyScreen(() => import('./screens/administration/buckets-screen.tsx'), 'BucketsScreen'),
});

const accessKeys = createRoute({
  getParentRoute: () => inside,
  path: '/administration/access-keys',
  component: lazyScreen(() => import('./screens/administration/access-keys-screen.tsx'), 'AccessKeysScreen'),
});

const hooks = createRoute({
  getParentRoute: () => inside,
  path: '/administration/hooks',
  component: lazyScreen(() => import('./screens/administration/hooks-screen.tsx'), 'HooksScreen'),
});

const audit = createRoute({
  getParentRoute: () => inside,
  path: '/administration/audit',
  validateSearch: auditSearch,
  component: lazyScreen(() => import('./screens/administration/audit-screen.tsx'), 'AuditScreen'),
});

const nodes = createRoute({
  getParentRoute: () => inside,
  path: '/administration/nodes',
  component: lazyScreen(() => import('./screens/administration/nodes-screen.tsx'), 'NodesScreen'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    inside.addChildren([
      overview,
      resource,
      backup,
      operations,
      operation,
      importing,
      sources,
      source,
      users,
      projects,
      buckets,
      accessKeys,
      hooks,
      audit,
      nodes,
    ]),
  ]),
  basepath: basePath,
  // What a screen does not know as a filter leaves the address, and never reaches the screen.
  search: { strict: true },
  // Filters are texts. By default, the router reads an id like 1e5 as a number.
  parseSearch: parseSearchWith((text) => text),
  stringifySearch: stringifySearchWith(String),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: Loading,
  defaultErrorComponent: BrokenScreen,
  defaultNotFoundComponent: MissingScreen,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
