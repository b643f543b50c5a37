import type { Kysely } from 'kysely';

/** What is unusual about a proof: the record says it for as long as the proof is reused. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('verifications').addColumn('remark', 'text').execute();
}
