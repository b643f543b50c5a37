import type { Environment } from '../environment.ts';
import type { ConnectOptions } from '../target.ts';
import type { Terminal } from '../terminal.ts';

/** The context of every command. */
export type CommandContext = {
  readonly terminal: Terminal;
  readonly environment: Environment;
  readonly input: NodeJS.ReadStream;
  readonly connect: ConnectOptions;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  readonly onFault: (place: string, error: unknown) => void;
};
