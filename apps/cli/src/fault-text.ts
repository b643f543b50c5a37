import { BackupSyncError, causesOf } from '@backup-sync/contracts';

/**
 * The text of a fault for the log: its stack and that of each cause. Other properties of an error are left out:
 * libraries keep whole requests there, with credentials in them.
 *
 * An `unavailable` error has a known cause outside this program, so its text is one line: the messages. So does a
 * database that does not answer, whose message has that of its cause, and a full disk.
 */
export function faultText(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault);
  if (fault instanceof BackupSyncError && fault.code === 'unavailable') {
    return causesOf(fault)
      .map(({ message }) => message)
      .join(': ');
  }
  if (['CatalogueUnavailableError', 'CatalogueFullError'].includes(fault.name)) return fault.message;
  // Several failed attempts to connect are one error, whose own message does not say why they failed.
  const attempts: readonly unknown[] = fault instanceof AggregateError ? fault.errors : [];
  const causes = fault.cause === undefined ? attempts : [...attempts, fault.cause];
  const own = fault.stack ?? fault.message;
  return [own, ...causes.map((cause) => `caused by: ${faultText(cause)}`)].join('\n');
}
