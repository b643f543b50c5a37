import { join } from 'node:path';
import { examples, run, startServing } from '../../apps/cli/src/testing.ts';

/** What came of {@link runMainJob}. */
export type MainJob = {
  readonly console: string;
  readonly documentation: number;
  readonly synced: string;
  readonly checked: string;
  /** What `version --verbose` prints as the commit. */
  readonly commit: unknown;
};

/**
 * Runs the main job of an installed command in an empty directory: serves, syncs the examples, and checks a resource.
 * Its environment finds no other Node than `directories` of the PATH have.
 */
export async function runMainJob(
  command: readonly string[],
  directory: string,
  directories: readonly string[],
): Promise<MainJob> {
  const dataDirectory = join(directory, 'data');
  const environment = { PATH: directories.join(':') };
  const options = ['--data-dir', dataDirectory, '--storage', `file:${join(examples, 'buckets')}`];
  await using server = await startServing(options, environment, command);
  const console = await fetch(`${server.endpoint}/console/`, { headers: { accept: 'text/html' } });
  const documentation = await fetch(`${server.endpoint}/docs/swagger-ui.css`);
  const onServer = { environment, command };
  const synced = await run(['sync', join(examples, 'sync-request.json'), ...options], onServer);
  const resource = ['--resource', 'database-disk', '--max-age', '99999d'];
  const checked = await run(['check', ...resource, ...options], onServer);
  const version = await run(['version', '--verbose', '--json'], onServer);
  return {
    console: await console.text(),
    documentation: documentation.status,
    synced: `${synced.output}${synced.messages}`,
    checked: `${checked.output}${checked.messages}`,
    commit: JSON.parse(version.output).commit,
  };
}
