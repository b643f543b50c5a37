import type { Operation, VerificationLevel } from '@backup-sync/contracts';
import type { ReactNode } from 'react';
import { levelMeanings, unproved } from '../words/common.ts';
import { Icon } from './icon.tsx';

/** How something stands: its colour, and the mark before its word. */
export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'quiet';

export function Badge({ tone, title, children }: { tone: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={`badge ${tone}`} title={title}>
      <Icon name={tone} />
      {children}
    </span>
  );
}

/** The level to which something is proved, with what that means on hover. Null: not proved at all. */
export function LevelBadge({ level, tone = 'quiet' }: { level: VerificationLevel | null; tone?: Tone }) {
  if (level === null) return <Badge tone="bad">{unproved}</Badge>;
  return (
    <Badge tone={tone} title={levelMeanings[level]}>
      {level}
    </Badge>
  );
}

const statusTones: Readonly<Record<string, Tone>> = {
  waiting: 'quiet',
  running: 'busy',
  success: 'good',
  failed: 'bad',
};

/** The status of an operation. */
export function StatusBadge({ status }: { readonly status: Operation['status'] }) {
  return <Badge tone={statusTones[status] ?? 'quiet'}>{status}</Badge>;
}
