import type { Operation, OperationKind } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { operationKindWords } from '../../words/common.ts';
import { operations as words } from '../../words/operations.ts';
import { countOf, progressFacts } from './operation-result.ts';
import { rateOf, type Sample, secondsLeft, withSample } from './progress-rate.ts';
import { storedBytesOfChain } from './stored-bytes.ts';

/** The count by which the rate of an operation is measured. */
const measures: Readonly<Record<OperationKind, string | null>> = {
  import: null,
  delete: null,
  scan: 'objects_listed',
  source_run: 'objects_listed',
  verify: 'stored_bytes',
  plan: 'objects_listed',
};

type Props = {
  readonly operation: Operation;
  /** When the operation was read, in milliseconds since 1970. */
  readonly readAtMs: number;
};

/** Counts so far, and the rate and time left as far as they can be said. */
export function ProgressCard({ operation, readAtMs }: Props) {
  const { kind, progress, status } = operation;
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(
    () => setSamples((before) => withSample(before, { atMs: readAtMs, counts: progress })),
    [readAtMs, progress],
  );
  const total = useStoredBytes(operation);
  const measure = measures[kind];
  const rate = measure === null || status !== 'running' ? null : rateOf(samples, measure);
  const done = measure === null ? 0 : (progress[measure] ?? 0);
  const left = total === null ? null : secondsLeft(rate, done, total);
  const heading = useId();
  return (
    <section className="card" aria-labelledby={heading}>
      <h2 id={heading}>{words.progress}</h2>
      {total !== null && measure !== null && status === 'running' && (
        <div className="bar">
          <progress
            className="progress"
            aria-label={words.progressOf(operationKindWords[kind])}
            value={done}
            max={total}
          />
          <span className="quiet numeric">{words.doneOf(countOf(measure, done), countOf(measure, total))}</span>
        </div>
      )}
      <dl className="facts short numeric">
        {progressFacts(progress).map(({ name, value }) => (
          <div className="fact" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {measure !== null && status === 'running' && (
          <div className="fact">
            <dt>{words.rate}</dt>
            {/* Keeps its place while nothing can be said. */}
            <dd>{rate === null ? words.unknown : words.perSecond(countOf(measure, Math.round(rate)))}</dd>
          </div>
        )}
        {total !== null && status === 'running' && (
          <div className="fact">
            <dt>{words.left}</dt>
            <dd>{left === null ? words.unknown : words.leftAtMost(left)}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** The most that a running verification can read: what is stored of the chain. Null if that is not known. */
function useStoredBytes({ kind, status, backup_id: backupId }: Operation): number | null {
  const projectId = useProjectId();
  const isWanted = kind === 'verify' && status === 'running' && backupId !== null;
  const { data: record } = useQuery({
    ...callOptions(projectId, 'showBackup', { backup_id: backupId ?? '' }),
    enabled: isWanted,
  });
  const { data: list } = useQuery({
    ...callOptions(projectId, 'listBackups', { resource_id: record?.backup.resource_id ?? '' }),
    enabled: isWanted && record !== undefined,
  });
  return record === undefined || list === undefined ? null : storedBytesOfChain(record.backup, list.backups);
}
