import type { SchemaModule } from 'kysely';

/** What is unusual about a proof: the record says it for as long as the proof is reused. */
async function up(schema: SchemaModule): Promise<void> {
  await schema.alterTable('verifications').addColumn('remark', 'text').execute();
}

export const remarkOfProof = { number: 10, name: 'remark-of-proof', up };
