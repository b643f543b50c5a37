import { fstatSync } from 'node:fs';
import type { LogLevel } from '@backup-sync/engine/log-events';
import type { Environment } from '../environment.ts';
import type { LogFormat } from './log-lines.ts';

/** The options of the log of a process that stays. */
export type LogOptions = { readonly logLevel?: LogLevel; readonly logFormat?: LogFormat };

const standardError = 2;

/** The settings of the log: options, then variables, then defaults. */
export function logSettings({ logLevel, logFormat }: LogOptions, environment: Environment) {
  return {
    level: logLevel ?? environment.BACKUP_SYNC_LOG_LEVEL ?? 'info',
    format: logFormat ?? environment.BACKUP_SYNC_LOG_FORMAT ?? 'text',
    isForJournal: isJournal(environment.JOURNAL_STREAM),
  };
}

/** systemd names the journal's stream. Standard error may have been redirected since, so the two are compared. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(standardError);
  return stream === `${dev}:${ino}`;
}
