import { configurationKeys } from './keys.ts';
import type { Configuration, FileValue } from './read-configuration.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The variables of a process above the values of its configuration file. */
export type Layers = {
  /** The variables of the process alone. */
  readonly own: Variables;
  /** The variables, with the values of the file for those that are not set. */
  readonly variables: Variables;
  /** The values of the file that count, by their variable. */
  readonly fromFile: ReadonlyMap<string, FileValue>;
  readonly file: Configuration | null;
};

/** Puts variables above a configuration file: a value of the file counts if no variable gives the same setting. */
export function layersOf(variables: Variables, file: Configuration | null): Layers {
  const fromFile = new Map<string, FileValue>();
  for (const value of file?.values ?? []) {
    const { otherVariable = '', displacedBy = [] } = configurationKeys.find(({ key }) => key === value.key) ?? {};
    if ([value.variable, otherVariable, ...displacedBy].every((name) => !variables[name]))
      fromFile.set(value.variable, value);
  }
  const texts = Array.from(fromFile, ([variable, { text }]) => [variable, text]);
  return { own: variables, variables: { ...variables, ...Object.fromEntries(texts) }, fromFile, file };
}

/** Where each value of the file comes from, by its variable: `storage.unit in /etc/backup-sync/config.yaml:4`. */
export function originsOf({ fromFile, file }: Layers): ReadonlyMap<string, string> {
  const entries = Array.from(fromFile, ([variable, { key, place }]) => {
    return [variable, `${key} in ${file?.path}:${place.line}`] as const;
  });
  return new Map(entries);
}

/** Commands that never call a server: they read the configuration file although a server is named. */
const localCommands = new Set(
  ['serve', 'work', 'migrate', 'demo', 'config show', 'catalogue backup', 'catalogue restore', 'catalogue check'].map(
    (command) => `backup-sync ${command}`,
  ),
);

type Named = {
  readonly config?: unknown;
  readonly profile?: unknown;
  readonly endpoint?: unknown;
  readonly dataDir?: unknown;
  readonly database?: unknown;
};

/**
 * Returns the configuration file that a command reads; undefined if it reads none. A command that calls a server needs
 * nothing from the file, and its user may not be allowed to read it.
 */
export function configurationPathOf(command: string, options: Named, variables: Variables): string | undefined {
  const path = typeof options.config === 'string' ? options.config : variables.BACKUP_SYNC_CONFIG || undefined;
  if (localCommands.has(command)) return path;
  const isHere = (options.config ?? options.dataDir ?? options.database) !== undefined;
  const isServer = (options.profile ?? options.endpoint) !== undefined || (!isHere && !!variables.BACKUP_SYNC_ENDPOINT);
  return isServer ? undefined : path;
}
