import type { Services } from '../services.ts';

/**
 * Writes down the calls that a process which is gone had begun: whether they were done is not known. Only for who holds
 * the catalogue, before it takes calls.
 */
export async function auditInterruptedCalls({ auditLog, newId }: Pick<Services, 'auditLog' | 'newId'>): Promise<void> {
  for (const { id: intentId, ...call } of await auditLog.listIntents()) {
    await auditLog.append({ ...call, id: newId(), outcome: 'interrupted', errorCode: null }, intentId);
  }
}
