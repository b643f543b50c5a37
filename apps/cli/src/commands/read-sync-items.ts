import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import {
  BackupSyncError,
  type BackupSyncInput,
  backupSync,
  type Problem,
  parseOrRefuse,
  problemsOf,
} from '@backup-sync/contracts';
import { z } from 'zod';
import { UsageError } from '../failure.ts';

/**
 * Reads the backups to sync: the body of the API as JSON (`{"sync":[…]}`), or NDJSON, one item a line. Any number of
 * items; every problem is named with its place.
 */
export async function readSyncItems(file: string, input: NodeJS.ReadStream): Promise<BackupSyncInput[]> {
  const content = file === '-' ? await text(input) : await readText(file);
  const whole = parseJson(content);
  if (whole.ok && isRecord(whole.value) && 'sync' in whole.value) {
    return parseOrRefuse(z.object({ sync: z.array(backupSync).min(1, 'must have at least one item') }), whole.value)
      .sync;
  }
  return readLines(content, file);
}

function readLines(content: string, file: string): BackupSyncInput[] {
  const items: BackupSyncInput[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of content.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = `line ${index + 1}`;
    const parsed = parseJson(line);
    if (!parsed.ok) {
      throw new UsageError(
        `${file === '-' ? 'standard input' : file}, ${place}: is neither JSON with a "sync" list nor a line of NDJSON: ${parsed.message}`,
      );
    }
    const item = backupSync.safeParse(parsed.value);
    if (item.success) items.push(item.data);
    else problems.push(...problemsOf(item.error).map((each) => ({ ...each, place: `${place}, ${each.place}` })));
  }
  if (problems.length > 0) throw new BackupSyncError('invalid_request', 'some lines are not valid', { problems });
  // A pipe may well bring nothing: `scan … | sync -` where nothing is new. A file was meant to hold something.
  if (items.length === 0 && file !== '-') throw new UsageError(`${file} has no item to sync`);
  return items;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${String(code)})`;
    throw new UsageError(`the file ${file} ${why}`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parseJson(content: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(content) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
