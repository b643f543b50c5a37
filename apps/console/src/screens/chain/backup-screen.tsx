import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate } from '@tanstack/react-router';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { Copyable } from '../../parts/copyable.tsx';
import { Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { chainWords, unrecordedWords } from '../../words/chain.ts';
import { overviewWords } from '../../words/overview.ts';
import { isNotRecorded } from './not-recorded.ts';

const route = getRouteApi('/inside/backups/$backupId');

/** Leads to the chain of a backup, or says that it is not recorded. */
export function BackupScreen() {
  const { backupId } = route.useParams();
  const shown = useQuery(callOptions(useProjectId(), 'showBackup', { backup_id: backupId }));
  if (isNotRecorded(shown.error)) return <Unrecorded backupId={backupId} />;
  return (
    <Shown of={shown}>
      {({ backup }) => (
        <Navigate
          to="/resources/$resourceId"
          params={{ resourceId: backup.resource_id }}
          search={{ backup: backup.id }}
          replace
        />
      )}
    </Shown>
  );
}

function Unrecorded({ backupId }: { readonly backupId: string }) {
  const mayImport = useMay('operator');
  return (
    <Page title={unrecordedWords.title} sentence={unrecordedWords.sentence}>
      <Copyable text={backupId} />
      <p>{mayImport ? unrecordedWords.operator : unrecordedWords.reader}</p>
      <div className="actions">
        {mayImport && (
          <Link to="/import" className="button main">
            {overviewWords.firstImport}
          </Link>
        )}
        <Link to="/" search={{}} className="button">
          {chainWords.overview}
        </Link>
      </div>
    </Page>
  );
}
