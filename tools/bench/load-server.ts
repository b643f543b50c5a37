import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { run, startServing } from '../../apps/cli/src/testing.ts';
import type { BackupSyncInput } from '../../packages/contracts/src/index.ts';

const mebi = 1024 * 1024;
/** Time between two checks whether an operation has ended. */
const pollMs = 250;

/** A running `serve` of the built command. */
export type LoadedServer = AsyncDisposable & {
  readonly endpoint: string;
  readonly projectId: string;
  /** Headers that authenticate a call. */
  readonly headers: Readonly<Record<string, string>>;
  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
  /** Reads a stream of events until the signal is aborted. Returns the number of bytes. */
  follow(path: string, signal: AbortSignal): Promise<number>;
  sync(items: readonly BackupSyncInput[]): Promise<readonly string[]>;
  /** Starts a scan or verification, cancels it when the signal is aborted, and returns how it ended. */
  operate(path: string, body: object, signal: AbortSignal): Promise<string>;
  operation(id: string): Promise<ShownOperation>;
  residentMiB(): number;
  /** The most that was resident since the start. */
  peakResidentMiB(): number;
};

type ShownOperation = { readonly status: string; readonly message: string };

/** What names the catalogue of a server: its data directory, or a database and its sealing key. */
export type LoadedCatalogue =
  | { readonly BACKUP_SYNC_DATA_DIR: string }
  | { readonly BACKUP_SYNC_DATABASE_URL: string; readonly BACKUP_SYNC_SECRET_KEY: string };

/** The environment of every process that uses a catalogue and storage. */
export function environmentOf(catalogue: LoadedCatalogue, storage: string): Record<string, string> {
  return { ...catalogue, BACKUP_SYNC_STORAGE: storage, AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };
}

/** Starts a built server, with more options of `serve` and more variables of the environment if they are given. */
export async function startLoadedServer(
  catalogue: LoadedCatalogue,
  storage: string,
  { options = [], settings = {} }: { options?: readonly string[]; settings?: Record<string, string> } = {},
): Promise<LoadedServer> {
  const environment = { ...environmentOf(catalogue, storage), ...settings };
  const server = await startServing(options, environment);
  const { output, messages } = await run(['token', '--json'], { environment });
  if (output === '') throw new Error(`the command printed no token: ${messages}`);
  const { token } = JSON.parse(output) as { token: string };
  const { endpoint, projectId, process: child } = server;
  const { pid } = child;
  const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json' };

  async function answerOf<Answer>(response: Response): Promise<Answer> {
    if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }
  const get = async <Answer>(path: string, signal?: AbortSignal) =>
    answerOf<Answer>(await fetch(endpoint + path, { headers, ...(signal && { signal }) }));
  const post = async <Answer>(path: string, body: object) =>
    answerOf<Answer>(await fetch(endpoint + path, { method: 'POST', headers, body: JSON.stringify(body) }));
  const operation = async (id: string) => {
    const answer = await get<{ operation: ShownOperation }>(`/v1/projects/${projectId}/operations/${id}`);
    return answer.operation;
  };
  function memoryMiB(what: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return (Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / mebi;
  }
  return {
    endpoint,
    projectId,
    headers: { 'X-Auth-Token': token },
    get,
    post,
    async follow(path, signal) {
      let bytes = 0;
      try {
        const { body } = await fetch(endpoint + path, { headers, signal });
        for await (const piece of body ?? []) bytes += piece.length;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return bytes;
    },
    async sync(items) {
      const answer = await post<{ sync: { operation_log_id: string }[] }>(`/v3/${projectId}/backups/sync`, {
        sync: items,
      });
      return answer.sync.map(({ operation_log_id }) => operation_log_id);
    },
    async operate(path, body, signal) {
      const { operation_id: id } = await post<{ operation_id: string }>(path, body);
      while (true) {
        const { status } = await operation(id);
        if (status !== 'waiting' && status !== 'running') return status;
        // Otherwise it would be measured with the next row.
        if (signal.aborted) await post(`/v1/projects/${projectId}/operations/${id}/cancel`, {});
        await pause(pollMs);
      }
    },
    operation,
    residentMiB: () => memoryMiB('VmRSS'),
    peakResidentMiB: () => memoryMiB('VmHWM'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
