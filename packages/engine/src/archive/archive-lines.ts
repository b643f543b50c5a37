import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { ArchiveError } from './archive-error.ts';

/** Bytes of a line. The longest values are results and findings as JSON, far shorter than this. */
const lineMaxBytes = 64 * 1024 * 1024;
const lineBreak = 0x0a;

/**
 * Reads the lines of a compressed archive, each with its line break. Only "\n" ends a line: values may contain other
 * characters that end lines elsewhere, such as U+2028.
 *
 * Throws {@link ArchiveError} if the file is cut off or is not compressed as it was written.
 */
export async function* archiveLines(path: string): AsyncGenerator<string> {
  let lines = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  const file = createReadStream(path);
  const unzip = createGunzip();
  file.on('error', (error) => unzip.destroy(error));
  try {
    for await (const chunk of file.pipe(unzip) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(lineBreak); at !== -1; at = chunk.indexOf(lineBreak, from)) {
        rest.push(chunk.subarray(from, at + 1));
        const line = Buffer.concat(rest).toString();
        rest = [];
        restBytes = 0;
        from = at + 1;
        lines += 1;
        yield line;
      }
      rest.push(chunk.subarray(from));
      restBytes += chunk.length - from;
      if (restBytes > lineMaxBytes)
        throw new ArchiveError(path, `line ${lines + 1} is longer than ${lineMaxBytes} bytes`);
    }
  } catch (error) {
    throw archiveErrorOf(error, path, lines);
  } finally {
    file.destroy();
  }
  if (restBytes > 0) throw new ArchiveError(path, `it ends in the middle of line ${lines + 1}`);
}

function archiveErrorOf(error: unknown, path: string, lines: number): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const fail = (what: string) => new ArchiveError(path, what, { cause: error });
  if (code === 'Z_BUF_ERROR') return fail(`it is cut off after line ${lines}`);
  if (code.startsWith('Z_')) return fail(lines === 0 ? 'it is not a gzip file' : `it was changed after line ${lines}`);
  return code === '' || error instanceof ArchiveError ? error : fail(`it cannot be read (${code})`);
}
