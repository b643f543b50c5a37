import type { CallName, OperationInput, OperationOutput } from '@backup-sync/contracts';

/** One way to call the table of operations. */
export type Door = AsyncDisposable & {
  /** Calls a verb in the door's own project, or the one that the input names. Throws `BackupSyncError` when refused. */
  call<Name extends CallName>(
    name: Name,
    input: Omit<OperationInput<Name>, 'project_id'> & { readonly project_id?: string },
  ): Promise<OperationOutput<Name>>;
  /** Verbs that the door has no call of their own for, each with the reason. */
  readonly joined: Partial<Record<CallName, string>>;
};
