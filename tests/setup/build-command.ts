import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Builds the command. Tests run the built one, since the sources take many times as long to start. */
export async function setup(): Promise<void> {
  await promisify(execFile)('turbo', ['run', 'build', '--output-logs=errors-only']);
}
