import type { CallInput, CallOutput, UnaryCallName } from '../../packages/contracts/src/index.ts';

/** One way to call the table of calls. */
export type Door = AsyncDisposable & {
  /** Makes a call in the door's own project, or the one that the input names. Throws `BackupSyncError` when refused. */
  call<Name extends UnaryCallName>(
    name: Name,
    input: Omit<CallInput<Name>, 'project_id'> & { readonly project_id?: string },
  ): Promise<CallOutput<Name>>;
  /** CallHandlers that the door has no call of their own for, each with the reason. */
  readonly joined: Partial<Record<UnaryCallName, string>>;
};
