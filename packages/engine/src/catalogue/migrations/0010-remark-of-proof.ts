import type { Kysely } from 'kysely';

/** Proofs get a remark on what is unusual about them. The record shows it as long as the proof is reused. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('verifications').addColumn('remark', 'text').execute();
}
