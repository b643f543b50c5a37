import type { Catalogue } from '../catalogue/catalogue.ts';

/**
 * Writes down the calls that a process which is gone had begun: whether they were done is not known. Only for who holds
 * the catalogue, before it takes calls.
 */
export async function auditInterruptedCalls({ audit }: Pick<Catalogue, 'audit'>, newId: () => string): Promise<void> {
  for (const { id: intentId, ...call } of await audit.listAuditIntents()) {
    await audit.appendAuditEvent({ ...call, id: newId(), outcome: 'interrupted', errorCode: null }, intentId);
  }
}
