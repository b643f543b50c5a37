import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A service in its own process. */
export type ServiceProcess = AsyncDisposable & { readonly endpoint: string };

/** Starts a script of this folder that prints its endpoint once it listens. Disposing ends it. */
export async function startService(script: string, args: readonly (string | number)[]): Promise<ServiceProcess> {
  const child = spawn(
    process.execPath,
    ['--conditions=@backup-sync/source', join(import.meta.dirname, script), ...args.map(String)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const closed = once(child, 'close');
  const [line] = await Promise.race([once(child.stdout, 'data'), closed]);
  if (child.exitCode !== null) throw new Error(`${script} ended with exit code ${child.exitCode}`);
  return {
    endpoint: String(line).trim(),
    async [Symbol.asyncDispose]() {
      child.kill();
      await closed;
    },
  };
}
