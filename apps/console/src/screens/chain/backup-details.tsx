import type { Backup, Reason } from '@backup-sync/contracts';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../../api/session.ts';
import { Badge, LevelBadge } from '../../parts/badges.tsx';
import { Copyable } from '../../parts/copyable.tsx';
import { Notice } from '../../parts/notices.tsx';
import { Time } from '../../parts/time.tsx';
import { backupWords, pictureWords, takenAtWords } from '../../words/chain.ts';
import { levelMeanings } from '../../words/common.ts';
import { BackupActions } from './backup-actions.tsx';
import { searchOf } from './chain-search.ts';
import { extractCommand } from './extract-command.ts';
import { faultOf, type Place, type RecordedLink, type Relatives, relativesOf } from './recorded-link.ts';
import { VerificationHistory } from './verification-history.tsx';

/** Links to children that are shown. */
const shownChildren = 10;

type DetailsProps = {
  readonly backup: Backup;
  /** The picture that it is in; empty if it is in none. */
  readonly places: readonly Place[];
};

/** Everything about one backup: first why it is in error, then its proof, place, relatives and history. */
export function BackupDetails({ backup, places }: DetailsProps) {
  const relatives = relativesOf(places, backup.id);
  const mayChange = useMay('operator');
  return (
    <section className="stack backup-details" aria-labelledby="backup">
      <header className="page-head">
        <h2 id="backup" className="name">
          {backup.name}
        </h2>
        {mayChange && <BackupActions backup={backup} relatives={relatives} />}
      </header>
      <Problems backup={backup} places={places} relatives={relatives} />
      <div className="columns">
        <div className="card">
          <Facts backup={backup} places={places} relatives={relatives} />
        </div>
        <div className="stack">
          <div className="card stack">
            <h2>{backupWords.extract}</h2>
            <Copyable text={extractCommand(backup.id)} />
            <p className="quiet">{backupWords.extractSentence}</p>
          </div>
          <div className="card">
            <h2>{backupWords.history}</h2>
            <VerificationHistory backupId={backup.id} />
          </div>
        </div>
      </div>
    </section>
  );
}

type PartProps = DetailsProps & { readonly relatives: Relatives };

/** Why it cannot be restored, and what to do. */
function Problems({ backup, places, relatives }: PartProps) {
  const { reason, time_contradiction: contradiction } = backup.backup_sync;
  const dependsOnId = places.find(({ link }) => link.id === backup.id)?.dependsOnId ?? null;
  const cause = places.find(({ link }) => link.id === dependsOnId)?.link;
  const isUnread = reason !== null && faultOf(reason) === 'unread';
  const isWaiting = cause?.fault === 'unread';
  // What cannot be read is not said to be broken, nor what waits for it.
  const isCalm = isUnread || (isWaiting && reason !== null && faultOf(reason) === 'parent');
  const needed = dependsOnId !== null && (
    <p>
      {isWaiting ? backupWords.waitsSentence : backupWords.dependsSentence}{' '}
      <RelativeLink id={dependsOnId} name={cause?.backup.name ?? dependsOnId} resourceId={cause?.backup.resource_id} />
    </p>
  );
  return (
    <>
      {reason !== null && (
        <Notice tone={isCalm ? 'warn' : 'bad'} title={titleOf(reason, isCalm)}>
          <p className="name">{`${reason.message.charAt(0).toUpperCase()}${reason.message.slice(1)}.`}</p>
          <p>
            <strong>{backupWords.remedy}</strong> {reason.remedy}
          </p>
          {needed}
          {relatives.descendants > 0 && (
            <p>{(isCalm ? backupWords.unreadBelow : backupWords.brokenBelow)(relatives.descendants)}</p>
          )}
          <p className="foot">{backupWords.reason(reason.number)}</p>
        </Notice>
      )}
      {reason === null && dependsOnId !== null && (
        <Notice tone={isWaiting ? 'warn' : 'bad'} title={isWaiting ? backupWords.waitsTitle : backupWords.dependsTitle}>
          {needed}
        </Notice>
      )}
      {contradiction !== null && (
        <Notice tone="warn" title={backupWords.contradiction}>
          <p className="name">{contradiction}</p>
        </Notice>
      )}
    </>
  );
}

function titleOf(reason: Reason, isCalm: boolean): string {
  if (!isCalm) return backupWords.broken;
  return faultOf(reason) === 'unread' ? backupWords.unread(reason.code) : backupWords.waitsTitle;
}

function Facts({ backup, places, relatives }: PartProps) {
  const { backup_sync: proof, status } = backup;
  const { evidence } = proof;
  const errorTone = proof.reason !== null && faultOf(proof.reason) === 'unread' ? 'warn' : 'bad';
  return (
    <dl className="facts">
      <Fact name={backupWords.state}>
        <Badge tone={status === 'error' ? errorTone : 'good'}>{status}</Badge>
      </Fact>
      <Fact name={backupWords.level}>
        <LevelBadge level={proof.level} />
        {proof.level !== null && <div className="quiet meaning">{levelMeanings[proof.level]}</div>}
      </Fact>
      <Fact name={backupWords.ceiling}>
        {proof.ceiling ?? <span className="quiet">{backupWords.noCeiling}</span>}
        {proof.gaps.map(({ code, message }) => (
          <div key={code} className="quiet meaning">
            {message}
          </div>
        ))}
      </Fact>
      <Fact name={backupWords.verified}>
        <Time at={proof.verified_at} />
        {proof.verified_at !== null && proof.check_version !== null && (
          <span className="quiet">{` ${backupWords.verifiedBy(proof.check_version)}`}</span>
        )}
      </Fact>
      {proof.facts.length > 0 && (
        <Fact name={backupWords.shown}>
          {proof.facts.map(({ code, message, at }) => (
            <div key={code}>
              <Time at={at} />
              <div className="quiet meaning">{message}</div>
            </div>
          ))}
        </Fact>
      )}
      <Fact name={backupWords.taken}>
        <Time at={proof.taken_at} />
        <span className="quiet">{`, ${takenAtWords[proof.taken_at_source]}`}</span>
      </Fact>
      <Fact name={backupWords.evidence}>{backupWords.evidenceWords(evidence)}</Fact>
      <Fact name={backupWords.parent}>
        <Parent backup={backup} places={places} />
      </Fact>
      {relatives.children.length > 0 && (
        <Fact name={backupWords.children}>
          <Children relatives={relatives} />
        </Fact>
      )}
      <Fact name={backupWords.place}>
        <div className="stack tight">
          <span className="name">{`${proof.bucket_name} (${proof.format})`}</span>
          <Copyable text={proof.image_path} />
        </div>
      </Fact>
      <Fact name={backupWords.volume}>
        {evidence.volume_sha256 === null ? (
          <span className="quiet">{backupWords.noVolume}</span>
        ) : (
          <Copyable text={evidence.volume_sha256} />
        )}
      </Fact>
      {evidence.expanded.length > 0 && (
        <Fact name={backupWords.expanded}>
          <div className="stack tight">
            {evidence.expanded.map(({ disk, size, expanded_sha256: sha256 }) => (
              <div key={disk}>
                <span className="quiet">{backupWords.expandedWords(disk, size)}</span>
                <Copyable text={sha256} />
              </div>
            ))}
          </div>
        </Fact>
      )}
      <Fact name={backupWords.digest}>
        <code>{evidence.digest}</code>
      </Fact>
      <Fact name={backupWords.id}>
        <Copyable text={backup.id} />
      </Fact>
      <Fact name={backupWords.recorded}>
        <Time at={backup.created_at} />
      </Fact>
      {backup.vault_id !== null && (
        <Fact name={backupWords.source}>
          <Link to="/sources/$sourceId" params={{ sourceId: backup.vault_id }} className="name">
            {backup.vault_name ?? backup.vault_id}
          </Link>
        </Fact>
      )}
      <Fact name={backupWords.operation}>
        <Link to="/operations/$operationId" params={{ operationId: proof.last_operation_log_id }}>
          {backupWords.showOperation}
        </Link>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Parent({ backup, places }: DetailsProps) {
  const { parent_id: id, incremental, resource_id: resourceId } = backup;
  if (id === null) return incremental === true ? backupWords.unknownParent : backupWords.noParent;
  const parent = places.find(({ link }) => link.id === id)?.link;
  if (parent !== undefined) return <RelativeLink id={id} name={parent.backup.name} resourceId={resourceId} />;
  return (
    <>
      <RelativeLink id={id} name={id} resourceId={undefined} />
      <span className="quiet">{`, ${pictureWords.notListed}`}</span>
    </>
  );
}

function Children({ relatives: { children, descendants } }: { readonly relatives: Relatives }) {
  const shown = children.slice(0, shownChildren);
  return (
    <ul>
      {shown.map(({ id, backup }: RecordedLink) => (
        <li key={id}>
          <RelativeLink id={id} name={backup.name} resourceId={backup.resource_id} />
        </li>
      ))}
      {descendants > shown.length && <li className="quiet">{backupWords.andMore(descendants - shown.length)}</li>}
    </ul>
  );
}

/** A link to another backup. Without a resource, it may be anywhere. */
function RelativeLink({ id, name, resourceId }: { id: string; name: string; resourceId: string | undefined }) {
  if (resourceId === undefined) {
    return (
      <Link to="/backups/$backupId" params={{ backupId: id }} className="name">
        {name}
      </Link>
    );
  }
  return (
    <Link
      to="/resources/$resourceId"
      params={{ resourceId }}
      search={(before) => searchOf(id, before)}
      resetScroll={false}
      className="name"
    >
      {name}
    </Link>
  );
}
