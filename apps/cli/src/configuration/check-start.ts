import { stat } from 'node:fs/promises';
import type { Problem } from '@backup-sync/contracts';
import { edgesOf } from '../commands/edge-options.ts';
import { listenOf, publicUrlOf, readAdministratorPassword, type ServeOptions } from '../commands/start-gateway.ts';
import { type Environment, environmentSchema, readEnvironment } from '../environment.ts';
import { readKeystone } from '../keystone.ts';
import { readNetwork } from '../network.ts';
import { readSecretVariable } from '../secret-variable.ts';
import { type ConnectOptions, databaseOf } from '../target.ts';
import { configurationKeys, flagOf } from './keys.ts';
import { type Layers, originsOf } from './layers.ts';

/** What a start would find in a configuration. */
export type StartFindings = { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/**
 * Checks the settings as a start of the server would, without opening anything: the variables, the files that they name,
 * and what must be set together. A process that does not serve the API needs no address and no certificate.
 */
export async function checkStart(
  layers: Layers,
  options: ConnectOptions & ServeOptions,
  serves = true,
): Promise<StartFindings> {
  const problems = variableProblems(layers);
  if (problems.length > 0) return { problems, warnings: [] };
  const environment = readEnvironment(layers.variables, originsOf(layers));
  const checks = [...catalogueChecks(options, environment), ...(serves ? serverChecks(options, environment) : [])];
  for (const [variables, check] of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push({ place: placeOf(layers, variables), message: inFile(layers, error.message) });
    }
  }
  return { problems, warnings: await readableByOthers(layers) };
}

function variableProblems(layers: Layers): Problem[] {
  const parsed = environmentSchema.safeParse(layers.variables);
  return (parsed.error?.issues ?? []).map(({ path, message }) => {
    const variable = path.join('.');
    const key = layers.fromFile.get(variable)?.key;
    return { place: placeOf(layers, [variable]), message: key === undefined ? message : `${key} ${message}` };
  });
}

type Check = readonly [variables: readonly string[], check: () => unknown];

/** Each check of what every process needs, with the variables that it reads. */
function catalogueChecks(options: ConnectOptions, environment: Environment): readonly Check[] {
  return [
    [
      ['BACKUP_SYNC_DATABASE_URL_FILE', 'BACKUP_SYNC_DATABASE_URL'],
      async () => {
        const database = databaseOf(options, environment);
        if (database === null) return;
        const { parseDatabaseAddress } = await import('@backup-sync/engine/database-address');
        parseDatabaseAddress(database.value.reveal(), database.origin);
      },
    ],
    [
      ['BACKUP_SYNC_SECRET_KEY_FILE', 'BACKUP_SYNC_SECRET_KEY'],
      async () => {
        const key = readSecretVariable(environment, 'BACKUP_SYNC_SECRET_KEY');
        if (key === undefined) return;
        const { parseSecretKey } = await import('@backup-sync/engine');
        parseSecretKey(key.reveal(), 'the key');
      },
    ],
    [
      ['BACKUP_SYNC_STORAGE'],
      async () => {
        const storage = options.storage ?? environment.BACKUP_SYNC_STORAGE;
        if (storage === undefined) return;
        const { parseStorage } = await import('@backup-sync/engine/storage-drivers');
        parseStorage(storage);
      },
    ],
    [
      [
        'BACKUP_SYNC_KEYSTONE_PASSWORD_FILE',
        'BACKUP_SYNC_IDENTITY',
        'BACKUP_SYNC_KEYSTONE_USER',
        'BACKUP_SYNC_KEYSTONE_PROJECT',
      ],
      () => readKeystone(environment),
    ],
    [['AWS_CA_BUNDLE'], () => readNetwork(environment)],
  ];
}

/** Like {@link catalogueChecks}, for a process that serves the API. */
function serverChecks(options: ServeOptions, environment: Environment): readonly Check[] {
  return [
    [['BACKUP_SYNC_LISTEN'], () => listenOf(options, environment)],
    [['BACKUP_SYNC_PUBLIC_URL'], () => publicUrlOf(options, environment)],
    [
      ['BACKUP_SYNC_TLS_CERTIFICATE', 'BACKUP_SYNC_TLS_KEY', 'BACKUP_SYNC_LISTEN'],
      async () => {
        const { checkTls } = await import('@backup-sync/gateway');
        await checkTls({ ...edgesOf(options, environment), ...listenOf(options, environment) });
      },
    ],
    [['BACKUP_SYNC_ADMIN_PASSWORD_FILE', 'BACKUP_SYNC_ADMIN_PASSWORD'], () => readAdministratorPassword(environment)],
  ];
}

/** The line of the file that has the first of these settings; else the variable that is set. */
function placeOf({ fromFile, file, variables }: Layers, names: readonly string[]): string {
  const inFile = names.flatMap((name) => fromFile.get(name) ?? [])[0];
  if (inFile !== undefined) return `${file?.path}:${inFile.place.line}:${inFile.place.column}`;
  return names.find((name) => variables[name]) ?? names[0] ?? '';
}

/** Names keys of the file instead of the variables and options that have the same meaning. */
function inFile(layers: Layers, message: string): string {
  const origins = Array.from(originsOf(layers).values(), (origin) => [origin, origin.replace(/ in .*$/s, '')] as const);
  const names = configurationKeys.flatMap(({ key, variable, option }) => [
    [variable, key] as const,
    ...(option === undefined ? [] : [[flagOf(option), key] as const]),
  ]);
  // A name may be the beginning of another.
  const longestFirst = names.toSorted(([one], [other]) => other.length - one.length);
  return [...origins, ...longestFirst].reduce((text, [name, key]) => text.replaceAll(name, key), message);
}

/** Files with secrets that every user of this machine can read. */
async function readableByOthers(layers: Layers): Promise<Problem[]> {
  const names = [
    ...Object.keys(environmentSchema.shape).filter((name) => name.endsWith('_FILE')),
    'BACKUP_SYNC_TLS_KEY',
  ];
  const found = await Promise.all(
    names.map(async (name) => {
      const path = layers.variables[name];
      if (!path) return [];
      const mode = await stat(path).then(
        (stats) => stats.mode,
        () => 0,
      );
      if ((mode & 0o004) === 0) return [];
      const place = placeOf(layers, [name]);
      const message = `${JSON.stringify(path)} has a secret, and every user of this machine can read it: run "chmod o= ${path}"`;
      return [{ place, message }];
    }),
  );
  return found.flat();
}
