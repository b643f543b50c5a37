import type { Layers } from '../configuration/layers.ts';
import type { Environment } from '../environment.ts';
import type { ConnectOptions } from '../target.ts';
import type { Terminal } from '../terminal.ts';

/** The context of every command. */
export type CommandContext = {
  readonly terminal: Terminal;
  readonly environment: Environment;
  /** The variables and the configuration file from which the environment was made. */
  readonly layers: Layers;
  readonly input: NodeJS.ReadStream;
  readonly connect: ConnectOptions;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Calls the listener at each SIGHUP, until it is disposed. Without a listener, SIGHUP ends the process. */
  readonly onHangUp: (listener: () => void) => Disposable;
  readonly version: string;
  readonly onFault: (place: string, error: unknown) => void;
};
