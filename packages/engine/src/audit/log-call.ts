import { BackupSyncError, calls } from '@backup-sync/contracts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log-events.ts';
import { type Call, outcomeOf } from './call-audit.ts';

/** Writes one entry to the log when a call has ended: what a busy server writes per call must stay small. */
export function beginCall(
  { log, clock }: { readonly log: Log; readonly clock: Clock },
  { name, caller, requestId, origin }: Call,
) {
  const beganMs = clock.monotonicMs();
  const values = () => ({
    request_id: requestId,
    project_id: caller.projectId,
    actor: caller.name,
    door: origin.door,
    address: origin.address,
    call: name,
    duration_ms: Math.round(clock.monotonicMs() - beganMs),
  });
  return {
    accepted(): void {
      if (calls[name].kind === 'mutation') log('call.accepted', `${caller.name} called ${name}`, values());
      else log('call.answered', `${caller.name} called ${name}`, values());
    },
    refused(error: unknown): void {
      const errorCode = error instanceof BackupSyncError ? error.code : 'internal';
      const message = error instanceof BackupSyncError ? error.message : 'the server failed';
      const event = outcomeOf(errorCode) === 'failed' ? 'call.failed' : 'call.refused';
      const said = `${name} of ${caller.name} ${event === 'call.failed' ? 'failed' : 'was refused'}: ${message}`;
      log(event, said, { ...values(), error: errorCode });
    },
  };
}
