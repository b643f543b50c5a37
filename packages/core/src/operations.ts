import type { CallName, OperationInput, OperationOutput } from '@backup-sync/contracts';

/** What every call takes beside its input. */
export type CallOptions = { readonly signal?: AbortSignal | undefined };

/** The table of operations as one project's caller sees it, wherever it is implemented. */
export type Operations = {
  readonly [Name in CallName]: (
    input: Omit<OperationInput<Name>, 'project_id'>,
    options?: CallOptions,
  ) => Promise<OperationOutput<Name>>;
};
