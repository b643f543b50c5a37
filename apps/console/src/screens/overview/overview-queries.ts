import { callOptions } from '../../api/calls.ts';
import { queryClient } from '../../api/query-client.ts';
import { sessionOptions } from '../../api/session.ts';
import { ageLimits } from '../../words/overview.ts';
import { type OverviewSearch, usualLevel } from './overview-search.ts';

/** Resources on a page. */
const pageSize = 50;

/** What the overview reads, for these filters. */
export function overviewQueries(projectId: string, search: OverviewSearch) {
  const { level = usualLevel, age, standing, source, name, marker } = search;
  const scope = {
    level,
    ...(age !== undefined && { max_age_s: ageLimits[age].seconds }),
    ...(source !== undefined && { source_id: source }),
  };
  return {
    standing: callOptions(projectId, 'showStanding', scope),
    resources: callOptions(projectId, 'listResources', {
      ...scope,
      sort: 'worst',
      include: ['recent'],
      limit: pageSize,
      ...(standing !== undefined && { standing }),
      ...(name !== undefined && { resource_name: name }),
      ...(marker !== undefined && { marker }),
    }),
    sources: callOptions(projectId, 'listSources', {}),
  };
}

/** Begins to read while the code of the screen is still being loaded. */
export function readOverviewAhead(search: OverviewSearch): void {
  const session = queryClient.getQueryData(sessionOptions.queryKey);
  if (session === undefined) return;
  const { standing, resources, sources } = overviewQueries(session.project_id, search);
  void queryClient.prefetchQuery(standing);
  void queryClient.prefetchQuery(resources);
  void queryClient.prefetchQuery(sources);
}
