import { syncBackupsAnswer } from '../../packages/contracts/src/index.ts';

/** The work that the server has accepted, as the harness knows from its answers. */
export class Ledger {
  /** Backup ids by the operation that imports them. */
  readonly imports = new Map<string, string>();
  /** Kinds of the other operations, by id. */
  readonly others = new Map<string, 'verify' | 'scan' | 'source_run'>();

  /** Records the items of a 200. */
  noteSync(body: unknown): void {
    for (const item of syncBackupsAnswer.parse(body).sync) this.imports.set(item.operation_log_id, item.backup_id);
  }
}
