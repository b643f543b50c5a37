import { type CallOutput, calls, type UnaryCallName } from '@backup-sync/contracts';
import type { z } from 'zod';
import { listAnyAuditEventsAnswer } from './audit-events.ts';
import { listCbrBackupsAnswer, showCbrBackupAnswer } from './cbr-backup.ts';
import { listCbrOperationLogsAnswer, showCbrOperationLogAnswer } from './cbr-operation-log.ts';
import { listCbrVaultsAnswer, showCbrCheckpointAnswer, showCbrVaultAnswer } from './cbr-vault.ts';

/**
 * Lenient schemas for the answers that differ between CBR-compatible services, or between releases of backup-sync. All
 * other answers match the table.
 */
const lenientAnswers = {
  listBackups: listCbrBackupsAnswer,
  showBackup: showCbrBackupAnswer,
  updateBackup: showCbrBackupAnswer,
  listVaults: listCbrVaultsAnswer,
  showVault: showCbrVaultAnswer,
  showCheckpoint: showCbrCheckpointAnswer,
  listOperationLogs: listCbrOperationLogsAnswer,
  showOperationLog: showCbrOperationLogAnswer,
  listAuditEvents: listAnyAuditEventsAnswer,
} as const satisfies Partial<Record<UnaryCallName, z.ZodType>>;

/** Answer of a call. */
export type AnswerOf<Name extends UnaryCallName> = Name extends keyof typeof lenientAnswers
  ? z.output<(typeof lenientAnswers)[Name]>
  : CallOutput<Name>;

const readings: Partial<Record<UnaryCallName, z.ZodType>> = lenientAnswers;

/** Returns the schema that the answer of a call must match. */
export function answerSchema(name: UnaryCallName): z.ZodType {
  return readings[name] ?? calls[name].output;
}
