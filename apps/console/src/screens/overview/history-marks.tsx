import type { Resource, VerificationLevel } from '@backup-sync/contracts';
import { absoluteTime, millisecondsOf } from '../../words/amounts.ts';
import { levelMeanings, unproved } from '../../words/common.ts';
import { historyWords } from '../../words/overview.ts';

type History = NonNullable<Resource['recent']>['history'];

const markWidth = 9;
const height = 22;
const barWidth = 6;

const levels = Object.keys(levelMeanings);

/** The newest backups as small marks, the oldest on the left: a bar by its level, or a cross for an error. */
export function HistoryMarks({ history, most }: { readonly history: History; readonly most: number }) {
  const oldestFirst = history.toReversed();
  const words = historyWords(history);
  return (
    <svg
      className="history"
      role="img"
      aria-label={words}
      width={most * markWidth}
      height={height}
      viewBox={`0 0 ${most * markWidth} ${height}`}
    >
      {oldestFirst.map((backup, index) => (
        <Mark key={backup.id} backup={backup} x={index * markWidth} />
      ))}
    </svg>
  );
}

function Mark({ backup, x }: { readonly backup: History[number]; readonly x: number }) {
  const { taken_at: takenAt, status, level } = backup;
  const isBad = status === 'error';
  const size = barHeight(level);
  return (
    <g className={isBad ? 'mark bad' : 'mark good'}>
      <title>{`${absoluteTime(millisecondsOf(takenAt))}, ${isBad ? status : (level ?? unproved)}`}</title>
      {/* The whole height, so that the title appears wherever one points. */}
      <rect className="place" x={x} y={0} width={markWidth} height={height} />
      {isBad ? (
        <path d={`M${x + 1} ${height - 8}l6 6m0-6l-6 6`} />
      ) : (
        <rect className="bar" x={x + 1} y={height - size} width={barWidth} height={size} rx={1} />
      )}
    </g>
  );
}

function barHeight(level: VerificationLevel | null): number {
  const rank = level === null ? 0 : levels.indexOf(level) + 1;
  return 4 + (rank * (height - 4)) / levels.length;
}
