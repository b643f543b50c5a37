import type { CallInput, CallOutput, UnaryCallName } from '../../packages/contracts/src/index.ts';

/** An interface that makes the calls of the table. */
export type Door = AsyncDisposable & {
  /** Makes a call in the door's own project, or in the one that the input names. Throws `BackupSyncError`. */
  call<Name extends UnaryCallName>(
    name: Name,
    input: Omit<CallInput<Name>, 'project_id'> & { readonly project_id?: string },
  ): Promise<CallOutput<Name>>;
  /** Calls that the interface makes only as a part of others, each with the reason. */
  readonly joined: Partial<Record<UnaryCallName, string>>;
};
