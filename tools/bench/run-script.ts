import { spawnSync } from 'node:child_process';

/** Runs a script of bash, with pipefail. Throws what it says if it fails. */
export function runScript(script: string): void {
  const { status, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${script}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the script ended with ${status}: ${stderr}`);
}
