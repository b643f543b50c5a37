import type { CallOutput, Source } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { StatusBadge } from '../../parts/badges.tsx';
import { Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time, useNowMs } from '../../parts/time.tsx';
import { duration, number } from '../../words/amounts.ts';
import { capitalised } from '../../words/capitalised.ts';
import { levelMeanings } from '../../words/common.ts';
import { shell } from '../../words/shell.ts';
import { sourcesWords, standingSentences, sourceWords as words } from '../../words/sources.ts';
import { HeldNotice } from './held-notice.tsx';
import { SourceActions } from './source-actions.tsx';
import { standingOf } from './source-standing.ts';
import { StandingBadge } from './standing-badge.tsx';
import { StorageTest } from './storage-test.tsx';
import './sources.css';

const route = getRouteApi('/inside/sources/$sourceId');

type Answer = CallOutput<'showSource'>;
type BackupInError = Answer['errors'][number];
type SeenResource = Answer['resources'][number];

/** One source: whether it is fine, what it needs, its runs and what it has found. */
export function SourceScreen() {
  const { sourceId } = route.useParams();
  const projectId = useProjectId();
  const nowMs = useNowMs();
  const mayChange = useMay('operator');
  const answer = useQuery(callOptions(projectId, 'showSource', { source_id: sourceId }));
  const source = answer.data?.source;
  return (
    <Page
      title={source?.name ?? shell.sources}
      sentence={answer.data !== undefined && <Health answer={answer.data} nowMs={nowMs} />}
      actions={source !== undefined && mayChange && <SourceActions source={source} />}
    >
      <Shown of={answer}>
        {(shown) => (
          <>
            {shown.source.held !== null && <HeldNotice answer={shown} hold={shown.source.held} />}
            <RunFailure answer={shown} />
            {shown.error_count > 0 && <Errors answer={shown} />}
            <div className="columns">
              <LastRun answer={shown} />
              <Settings source={shown.source}>
                {mayChange && <StorageTest bucketName={shown.source.bucket_name} />}
              </Settings>
            </div>
            <Resources resources={shown.resources} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function Health({ answer: { source, error_count }, nowMs }: { readonly answer: Answer; readonly nowMs: number }) {
  const standing = standingOf(source, nowMs);
  const hasErrors = standing === 'errors' && error_count > 0;
  return (
    <div className="health">
      <StandingBadge standing={standing} />
      <span>{hasErrors ? words.countedErrors(error_count) : standingSentences[standing]}</span>
    </div>
  );
}

/** Why the last run failed, unless that is the reason of a backup in the list of errors. */
function RunFailure({ answer: { last_run: run, errors } }: { readonly answer: Answer }) {
  const reason = run?.reason ?? null;
  if (reason === null || errors.some((each) => each.reason.code === reason.code)) return null;
  return (
    <Notice tone="bad" title={capitalised(reason.message)}>
      <p>{reason.remedy}</p>
    </Notice>
  );
}

const errorColumns: readonly Column<BackupInError>[] = [
  {
    title: words.backup,
    cell: ({ backup_id: id, backup_name: name }) =>
      id === null ? (
        <span className="name">{name ?? words.unknownBackup}</span>
      ) : (
        <Link to="/backups/$backupId" params={{ backupId: id }} className="name">
          {name ?? id}
        </Link>
      ),
  },
  { title: words.imagePath, cell: ({ image_path }) => <code className="name">{image_path}</code> },
  {
    title: words.reason,
    cell: ({ reason }) => (
      <>
        <div className="name">{capitalised(reason.message)}</div>
        <div className="quiet">{reason.remedy}</div>
      </>
    ),
  },
];

function Errors({ answer: { errors, error_count } }: { readonly answer: Answer }) {
  return (
    <section className="stack">
      <h2>{words.errorsTitle(error_count)}</h2>
      {errors.length < error_count && <p className="quiet">{words.errorsFirst(errors.length, error_count)}</p>}
      <PagedTable
        caption={words.errorsCaption}
        columns={errorColumns}
        rows={errors}
        keyOf={({ image_path, backup_id }) => `${image_path} ${backup_id}`}
      />
    </section>
  );
}

const resourceColumns: readonly Column<SeenResource>[] = [
  {
    title: words.resource,
    cell: ({ resource_id, resource_name }) => (
      <Link to="/resources/$resourceId" params={{ resourceId: resource_id }} className="name">
        {resource_name || resource_id}
      </Link>
    ),
  },
  {
    title: words.newest,
    cell: ({ newest_proved_at }) => <Time at={newest_proved_at} otherwise={sourcesWords.nothing} />,
  },
  { title: words.proved, cell: ({ proved_backups }) => number(proved_backups), isNumber: true },
  { title: words.backups, cell: ({ backups }) => number(backups), isNumber: true },
];

/** Resources that one answer has at most. */
const resourcesMax = 1000;

function Resources({ resources }: { readonly resources: readonly SeenResource[] }) {
  return (
    <section className="stack">
      <h2>{words.resources}</h2>
      {resources.length === 0 ? (
        <p className="quiet">{words.noResources}</p>
      ) : (
        <PagedTable
          caption={words.resourcesCaption}
          columns={resourceColumns}
          rows={resources}
          keyOf={({ resource_id }) => resource_id}
        />
      )}
      {resources.length >= resourcesMax && <p className="quiet">{words.resourcesFirst}</p>}
    </section>
  );
}

function LastRun({ answer: { last_run: run, source } }: { readonly answer: Answer }) {
  return (
    <section className="card">
      <h2>{words.lastRun}</h2>
      {run === null && <p className="quiet">{words.noRun}</p>}
      <dl className="facts">
        {run !== null && (
          <>
            <dt>{words.result}</dt>
            <dd>
              <StatusBadge status={run.status} />
            </dd>
            {run.message !== '' && (
              <>
                <dt>{words.message}</dt>
                <dd>{capitalised(run.message)}</dd>
              </>
            )}
            <dt>{words.ended_at}</dt>
            <dd>
              <Time at={run.ended_at} otherwise={words.notEnded} />
            </dd>
            <dt>{words.listed}</dt>
            <dd>{number(source.last_run?.objects_listed ?? 0)}</dd>
            <dt>{words.operation}</dt>
            <dd>
              <Link to="/operations/$operationId" params={{ operationId: run.id }}>
                {run.id}
              </Link>
            </dd>
          </>
        )}
        <dt>{words.lastGood}</dt>
        <dd>
          <Time at={source.last_good_sync_at} />
        </dd>
        <dt>{words.nextRun}</dt>
        <dd>
          <Time
            at={source.paused ? null : source.next_run_at}
            otherwise={source.paused ? sourcesWords.pausedRun : sourcesWords.manualOnly}
          />
        </dd>
      </dl>
    </section>
  );
}

function Settings({ source, children }: { readonly source: Source; readonly children: ReactNode }) {
  return (
    <section className="card">
      <h2>{words.settings}</h2>
      <dl className="facts">
        <dt>{words.placeOf}</dt>
        <dd>
          <code className="name">{sourcesWords.place(source)}</code>
        </dd>
        <dt>{words.interval}</dt>
        <dd>{source.interval_s === null ? sourcesWords.manualOnly : words.every(source.interval_s)}</dd>
        <dt>{words.level}</dt>
        <dd title={levelMeanings[source.level]}>{source.level}</dd>
        <dt>{words.reverify}</dt>
        <dd>{source.reverify_after_s === null ? words.reverifyNever : words.reverifyAfter(source.reverify_after_s)}</dd>
        <dt>{words.formats}</dt>
        <dd>
          {source.path_template === null ? (source.format ?? words.allFormats) : words.byTemplate(source.path_template)}
        </dd>
        <dt>{words.incomplete}</dt>
        <dd>{duration(source.incomplete_after_s)}</dd>
        <dt>{words.share}</dt>
        <dd>{words.percent(source.removal_share)}</dd>
        <dt>{words.created}</dt>
        <dd>
          <Time at={source.created_at} />
        </dd>
        <dt>{words.id}</dt>
        <dd>
          <code>{source.id}</code>
        </dd>
      </dl>
      {children}
    </section>
  );
}
