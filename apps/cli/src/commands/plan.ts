import { connect } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { planText } from '../plan-table.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { readSyncItems } from './read-sync-items.ts';

export type PlanOptions = { readonly bucket?: string; readonly pathTemplate?: string };

/** Plans the backups of a file, or what lies in a bucket. */
export async function planCommand(
  context: CommandContext,
  file: string | undefined,
  { bucket, pathTemplate }: PlanOptions,
): Promise<number> {
  if (bucket === undefined) {
    if (file === undefined) throw new UsageError('give the file of a list ("-" is standard input), or --bucket');
    if (pathTemplate !== undefined) throw new UsageError('--path-template goes with --bucket');
    return await planFile(context, file);
  }
  if (file !== undefined)
    throw new UsageError(`give either a file or --bucket: ${JSON.stringify(file)} is one too many`);
  const { planBucketCommand } = await import('./plan-bucket.ts');
  return await planBucketCommand(context, bucket, pathTemplate);
}

/** Exits 0 when every item would end well, 3 when some would fail. */
async function planFile(context: CommandContext, file: string): Promise<number> {
  const { terminal, signal } = context;
  const items = await readSyncItems(file, context.input);
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const answer = await connection.client.planBackups(items, { signal });
  if (terminal.json) printJson(terminal, answer);
  else print(terminal, planText(items, answer));
  return answer.plan.every(({ reason }) => reason === null) ? exitCodes.done : exitCodes.someItemsFailed;
}
