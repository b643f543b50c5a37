import type { CallHandler } from '../../context.ts';
import { showBackup } from './show-backup.ts';

/**
 * Shows the backup whose volume its caller is about to read out by itself. It is called a mutation so that it is in the
 * audit: all that somebody had in a volume leaves with it, and nothing else here would tell.
 */
export const beginExtraction: CallHandler<'beginExtraction'> = (context, input) => showBackup(context, input);
