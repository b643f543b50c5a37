import type { Source } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { Empty, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time, useNowMs } from '../../parts/time.tsx';
import { sourcesWords as words } from '../../words/sources.ts';
import { NewestProved } from './newest-proved.tsx';
import { RunState } from './run-state.tsx';
import { AddSource } from './source-form.tsx';
import { type SourceStanding, worstFirst } from './source-standing.ts';
import { StandingBadge } from './standing-badge.tsx';
import './sources.css';

const route = getRouteApi('/inside/sources');

type Row = { readonly source: Source; readonly standing: SourceStanding };

const columns: readonly Column<Row>[] = [
  {
    title: words.source,
    cell: ({ source }) => (
      <div className="source-name">
        <Link to="/sources/$sourceId" params={{ sourceId: source.id }} className="name">
          {source.name}
        </Link>
        {words.place(source) !== source.name && <div className="quiet name place">{words.place(source)}</div>}
      </div>
    ),
  },
  { title: words.state, cell: ({ standing }) => <StandingBadge standing={standing} /> },
  { title: words.lastRun, cell: ({ source }) => <RunState run={source.last_run} /> },
  {
    title: words.nextRun,
    cell: ({ source: { paused, next_run_at } }) => (
      <Time at={paused ? null : next_run_at} otherwise={paused ? words.pausedRun : words.manualOnly} />
    ),
  },
  { title: words.lastGood, cell: ({ source }) => <Time at={source.last_good_sync_at} /> },
  { title: words.newest, cell: ({ source }) => <NewestProved source={source} /> },
];

/** All sources of the project, those first that need somebody. */
export function SourcesScreen() {
  const projectId = useProjectId();
  const mayAdd = useMay('operator');
  const nowMs = useNowMs();
  const { add } = route.useSearch();
  const navigate = route.useNavigate();
  const answer = useQuery(callOptions(projectId, 'listSources', {}));
  const addLink = mayAdd && (
    <Link to="/sources" search={{ add: 1 }} className="button main">
      {words.add}
    </Link>
  );
  return (
    <Page title={words.title} sentence={words.sentence} actions={addLink}>
      <Shown of={answer}>
        {({ sources }) =>
          sources.length === 0 ? (
            <Empty title={words.emptyTitle} action={addLink}>
              {mayAdd ? words.emptyText : words.emptyReader}
            </Empty>
          ) : (
            <PagedTable
              caption={words.caption}
              columns={columns}
              rows={worstFirst(sources, nowMs)}
              keyOf={({ source }) => source.id}
            />
          )
        }
      </Shown>
      {mayAdd && add === 1 && (
        <AddSource
          onAdded={({ source: { id } }) => void navigate({ to: '/sources/$sourceId', params: { sourceId: id } })}
          onClose={() => void navigate({ search: {} })}
        />
      )}
    </Page>
  );
}
