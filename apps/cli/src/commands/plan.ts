import { connectToPlan } from '../connect.ts';
import { exitCodes, UsageError } from '../failure.ts';
import { checkedItems, checkItems } from '../items/check-items.ts';
import type { ItemFormat } from '../items/detect-format.ts';
import { openItemSource } from '../items/item-source.ts';
import { printPlan } from '../plan-table.ts';
import { printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

export type PlanOptions = { readonly format?: ItemFormat; readonly bucket?: string; readonly pathTemplate?: string };

/** Plans the import of a list, or of the backups in a bucket. */
export async function planCommand(
  context: CommandContext,
  file: string | undefined,
  { format, bucket, pathTemplate }: PlanOptions,
): Promise<number> {
  if (bucket === undefined) {
    if (file === undefined) throw new UsageError('no file is given: name one ("-" is standard input), or add --bucket');
    if (pathTemplate !== undefined) throw new UsageError('--path-template needs --bucket: add --bucket');
    return await planFile(context, file, format);
  }
  if (file !== undefined) {
    throw new UsageError(`both the file ${JSON.stringify(file)} and --bucket are given: leave one out`);
  }
  const { planBucketCommand } = await import('./plan-bucket.ts');
  return await planBucketCommand(context, bucket, pathTemplate);
}

/** Exits 0 if every item would succeed, 3 if some would fail. */
async function planFile(context: CommandContext, file: string, format: ItemFormat | undefined): Promise<number> {
  const { terminal, signal } = context;
  const source = await openItemSource(file, context.input, format, signal);
  if (source.isFile) await checkItems(source);
  const items = await Array.fromAsync(checkedItems(source));
  await using connection = await connectToPlan(context.connect, context.environment, context.onFault);
  const answer = await connection.client.planBackups(items, { signal });
  if (terminal.json) printJson(terminal, answer);
  else printPlan(terminal, items, answer);
  return answer.plan.every(({ reason }) => reason === null) ? exitCodes.done : exitCodes.someItemsFailed;
}
