import { BackupSyncError } from '@backup-sync/contracts';
import type { RefusalLimit } from '../audit/refusal-limit.ts';
import type { Caller } from '../caller.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import type { Identity, IssuedToken, RequestedFrom } from './port.ts';
import { TokenAudit } from './token-audit.ts';

type LookServices = {
  readonly catalogue: Pick<Catalogue, 'audit'>;
  readonly world: { readonly clock: Clock; readonly newId: () => string };
  readonly refusals: RefusalLimit;
  readonly identity: Pick<Identity, 'inspectToken'>;
};

/**
 * Returns a token to a caller who may inspect or revoke it: an administrator of its project, or its holder.
 *
 * Throws `token_not_found` if it is not valid. Throws `role_not_allowed` to other callers, after writing it to the
 * audit: for each caller, the first 100 in a minute.
 */
export async function lookIntoToken(
  { catalogue, world, identity, refusals }: LookServices,
  operation: 'inspectToken' | 'revokeToken',
  caller: Caller,
  from: RequestedFrom,
  token: string,
): Promise<IssuedToken> {
  const issued = await identity.inspectToken(token);
  if (issued === null) throw new BackupSyncError('token_not_found', 'this token does not exist, or it has expired');
  if (mayLookInto(caller, issued.caller)) return issued;
  // The administrators of this project must not learn the users of another.
  const isOfProject = issued.caller.projectId === caller.projectId;
  const holders = isOfProject ? [{ field: 'user_name', value: issued.caller.name }] : [];
  if (refusals.isWritten(caller)) {
    await new TokenAudit(catalogue, world.clock, world.newId).refused(
      operation,
      caller,
      from,
      'role_not_allowed',
      holders,
    );
  }
  throw new BackupSyncError(
    'role_not_allowed',
    'validating or revoking the token of another user needs the role administrator',
  );
}

function mayLookInto(caller: Caller, holder: Caller): boolean {
  if (caller.projectId !== holder.projectId) return false;
  return caller.role === 'administrator' || (caller.kind === holder.kind && caller.name === holder.name);
}
