import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Tests of the command run what is shipped: it starts in a fraction of the time that its sources take. */
export async function setup(): Promise<void> {
  await promisify(execFile)('turbo', ['run', 'build', '--output-logs=errors-only']);
}
