import type { Resource } from '@backup-sync/contracts';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { callOptions, query } from '../../api/calls.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Empty, FailureNotice, Loading, Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { chainWords } from '../../words/chain.ts';
import { resourceTitle } from '../../words/overview.ts';
import { usualLevel } from '../overview/overview-search.ts';
import { BackupDetails } from './backup-details.tsx';
import { type Picture, picturesOf } from './chain-layout.ts';
import { ChainPictures } from './chain-pictures.tsx';
import { searchOf } from './chain-search.ts';
import { isNotRecorded } from './not-recorded.ts';
import { linkOf, type Place, type RecordedLink } from './recorded-link.ts';
import { ResourceStanding, RetireButton } from './resource-standing.tsx';
import './chain.css';

const route = getRouteApi('/inside/resources/$resourceId');

/** Backups that are read at a time: as many as the server sends at once, so that most chains are whole. */
const pageSize = 1000;

/** A resource: how it stands, its chains, and one of its backups. */
export function ResourceScreen() {
  const { resourceId } = route.useParams();
  // Another resource is another page, whose heading gets the focus.
  return <ResourcePage key={resourceId} resourceId={resourceId} />;
}

function ResourcePage({ resourceId }: { readonly resourceId: string }) {
  const projectId = useProjectId();
  const { level = usualLevel, age } = route.useSearch();
  const resources = useQuery(
    callOptions(projectId, 'listResources', {
      resource_id: resourceId,
      level,
      include: ['recent'],
      limit: 1,
      sort: 'worst',
    }),
  );
  const mayChange = useMay('operator');
  const resource = resources.data?.resources[0];
  return (
    <Page
      title={resource === undefined ? resourceId : resourceTitle(resource)}
      sentence={resource !== undefined && <ResourceStanding resource={resource} level={level} age={age} />}
      actions={mayChange && resource !== undefined && <RetireButton resource={resource} />}
    >
      <Shown of={resources}>
        {() => (resource === undefined ? <NoBackups /> : <Chains resource={resource} projectId={projectId} />)}
      </Shown>
    </Page>
  );
}

function NoBackups() {
  return (
    <Empty
      title={chainWords.noBackups}
      action={
        <Link to="/" search={{}} className="button">
          {chainWords.overview}
        </Link>
      }
    >
      {chainWords.noBackupsSentence}
    </Empty>
  );
}

function Chains({ resource, projectId }: { readonly resource: Resource; readonly projectId: string }) {
  const { resource_id: resourceId } = resource;
  const { backup: wantedId } = route.useSearch();
  const backups = useInfiniteQuery({
    // Begins like that of the call, so that it is read again when operations end.
    queryKey: ['listBackups', projectId, { resource_id: resourceId }, 'pages'],
    queryFn: ({ pageParam: offset, signal }) =>
      query(
        projectId,
        'listBackups',
        { resource_id: resourceId, sort: ['protected_at:desc', 'id:desc'], limit: pageSize, offset },
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: ({ backups: page, offset, count }) =>
      page.length > 0 && offset + page.length < count ? offset + page.length : undefined,
  });
  const listed = useMemo(() => backups.data?.pages.flatMap((page) => page.backups) ?? [], [backups.data]);
  const pictures = useMemo(() => picturesOf(listed.map(linkOf)), [listed]);
  if (backups.data === undefined) {
    const thrown = backups.error ?? backups.failureReason;
    if (thrown === null) return <Loading />;
    return <FailureNotice thrown={thrown} onRetry={() => void backups.refetch()} />;
  }
  const newest = pictures[0]?.newest.backup;
  if (newest === undefined) return <NoBackups />;
  const selected = wantedId === undefined ? newest : listed.find(({ id }) => id === wantedId);
  const count = backups.data.pages[0]?.count ?? listed.length;
  return (
    <>
      <details className="resource-id">
        <summary>{chainWords.id}</summary>
        <Copyable text={resourceId} />
      </details>
      <section className="card" aria-labelledby="chains">
        <h2 id="chains">{chainWords.chains}</h2>
        <ChainPictures pictures={pictures} resourceId={resourceId} selectedId={selected?.id ?? null} />
        <div className="paging">
          <span>{chainWords.keys}</span>
          <span>{chainWords.shown(listed.length, count)}</span>
          {backups.hasNextPage && (
            <button
              type="button"
              className="button"
              disabled={backups.isFetchingNextPage}
              onClick={() => void backups.fetchNextPage()}
            >
              {chainWords.older}
            </button>
          )}
        </div>
      </section>
      {selected === undefined ? (
        <UnlistedBackup backupId={wantedId ?? ''} resourceId={resourceId} />
      ) : (
        <BackupDetails key={selected.id} backup={selected} places={placesAround(pictures, selected.id)} />
      )}
    </>
  );
}

/** The places of the picture with this backup. */
function placesAround(pictures: readonly Picture<RecordedLink>[], id: string): readonly Place[] {
  return pictures.find(({ places }) => places.some(({ link }) => link.id === id))?.places ?? [];
}

/** The backup of the address, if the list does not have it: it is older, of another resource, or not recorded. */
function UnlistedBackup({ backupId, resourceId }: { readonly backupId: string; readonly resourceId: string }) {
  const projectId = useProjectId();
  const shown = useQuery(callOptions(projectId, 'showBackup', { backup_id: backupId }));
  if (isNotRecorded(shown.error)) {
    return (
      <Notice tone="warn" title={chainWords.notHere}>
        <p>{chainWords.notHereSentence}</p>
      </Notice>
    );
  }
  return (
    <Shown of={shown}>
      {({ backup }) =>
        backup.resource_id === resourceId ? (
          <BackupDetails key={backup.id} backup={backup} places={[]} />
        ) : (
          <Navigate
            to="/resources/$resourceId"
            params={{ resourceId: backup.resource_id }}
            search={(before) => searchOf(backup.id, before)}
            replace
          />
        )
      }
    </Shown>
  );
}
