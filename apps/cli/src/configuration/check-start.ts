import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Problem } from '@backup-sync/contracts';
import { edgesOf } from '../commands/edge-options.ts';
import { metricsPlaceOf } from '../commands/metrics-place.ts';
import { listenOf, publicUrlOf, readAdministratorPassword, type ServeOptions } from '../commands/start-gateway.ts';
import { type Environment, environmentSchema, readEnvironment } from '../environment.ts';
import { UsageError } from '../failure.ts';
import { readKeystone } from '../keystone.ts';
import { readNetwork } from '../network.ts';
import { readTrustedRoots } from '../read-certificates.ts';
import { readSecretVariable } from '../secret-variable.ts';
import { type ConnectOptions, databaseOf } from '../target.ts';
import { configurationKeys, flagOf } from './keys.ts';
import { type Layers, originsOf } from './layers.ts';

/** What a start would find in a configuration. */
export type StartFindings = { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

/** The process that has these settings. */
type Process = {
  /** Whether it serves the API. If not, it needs no address and no certificate. */
  readonly serves: boolean;
  /** Whether it runs. If not, the credentials that systemd gives it may not be there yet. */
  readonly runs: boolean;
  /** Whether all values of its configuration file are valid. If not, a setting that is missing may be one of the others. */
  readonly isWhole: boolean;
};

/**
 * Checks the settings as a start of the server would, without opening anything: the variables, the files that they name,
 * and what must be set together.
 */
export async function checkStart(
  layers: Layers,
  options: ConnectOptions & ServeOptions,
  { serves, runs, isWhole }: Process,
): Promise<StartFindings> {
  const problems = variableProblems(layers);
  if (problems.length > 0) return { problems, warnings: [] };
  const warnings: Problem[] = [];
  const environment = readEnvironment(layers.variables, originsOf(layers));
  const checks = [
    ...processChecks(options, environment),
    ...(isWhole ? neededChecks(options, environment) : []),
    ...(serves ? serverChecks(options, environment) : []),
    metricsCheck(options, environment),
  ];
  for (const [variables, check] of checks) {
    const absent = runs ? [] : await absentCredentials(layers, variables);
    warnings.push(...absent);
    if (absent.length > 0) continue;
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const message = inFile(layers, error.message);
      // Two checks can need the same setting.
      if (!problems.some((known) => known.message === message)) {
        problems.push({ place: placeOf(layers, variables), message });
      }
    }
  }
  return { problems, warnings: [...warnings, ...(await readableByOthers(layers))] };
}

/** Where systemd puts the credentials of a service while it runs. */
const credentials = '/run/credentials/';

/** The credentials of a service that these variables name, and that this process cannot read. */
async function absentCredentials(layers: Layers, names: readonly string[]): Promise<Problem[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const path = layers.variables[name];
      if (!path || !resolve(path).startsWith(credentials)) return [];
      const isReadable = await access(path, constants.R_OK).then(
        () => true,
        () => false,
      );
      if (isReadable) return [];
      const message = `${JSON.stringify(path)} was not checked: systemd has it only while the service runs`;
      return [{ place: placeOf(layers, [name]), message }];
    }),
  );
  return found.flat();
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
function processChecks(options: ConnectOptions, environment: Environment): readonly Check[] {
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
    [['BACKUP_SYNC_TRUSTED_ROOTS'], () => readTrustedRoots(environment)],
  ];
}

/** The checks of what no process starts without. */
function neededChecks(options: ConnectOptions, environment: Environment): readonly Check[] {
  return [
    [
      ['BACKUP_SYNC_DATA_DIR', 'BACKUP_SYNC_DATABASE_URL_FILE', 'BACKUP_SYNC_DATABASE_URL'],
      () => {
        const directory = options.dataDir ?? environment.BACKUP_SYNC_DATA_DIR;
        if (directory !== undefined || databaseOf(options, environment) !== null) return;
        throw new UsageError('no catalogue is given: set BACKUP_SYNC_DATA_DIR or BACKUP_SYNC_DATABASE_URL_FILE');
      },
    ],
    [
      ['BACKUP_SYNC_STORAGE'],
      () => {
        if ((options.storage ?? environment.BACKUP_SYNC_STORAGE) !== undefined) return;
        throw new UsageError('no storage unit is given: set BACKUP_SYNC_STORAGE');
      },
    ],
  ];
}

/** Like {@link processChecks}, for a process that serves the API. */
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

function metricsCheck(options: ServeOptions, environment: Environment): Check {
  return [
    ['BACKUP_SYNC_METRICS_LISTEN', 'BACKUP_SYNC_METRICS_TOKEN_FILE', 'BACKUP_SYNC_METRICS_TOKEN'],
    async () => {
      const place = metricsPlaceOf(options, environment, () => edgesOf(options, environment));
      if (place === undefined) return;
      const { checkMetricsPlace } = await import('@backup-sync/gateway/metrics');
      checkMetricsPlace(place);
    },
  ];
}

/** The line of the file that has the first of these settings; else the variable that is set; else the file. */
function placeOf({ fromFile, file, variables }: Layers, names: readonly string[]): string {
  const inFile = names.flatMap((name) => fromFile.get(name) ?? [])[0];
  if (inFile !== undefined) return `${file?.path}:${inFile.place.line}:${inFile.place.column}`;
  return names.find((name) => variables[name]) ?? file?.path ?? names[0] ?? '';
}

/** Names keys of the file instead of the variables and options that have the same meaning, unless a variable is set. */
function inFile(layers: Layers, message: string): string {
  const origins = Array.from(originsOf(layers).values(), (origin) => [origin, origin.replace(/ in .*$/s, '')] as const);
  const names = configurationKeys.flatMap(({ key, variable, otherVariable, option }) => {
    const name = layers.own[variable] ? variable : key;
    return [
      [variable, name] as const,
      // What the file names has this meaning too.
      ...(otherVariable !== undefined && layers.fromFile.has(variable) ? [[otherVariable, key] as const] : []),
      ...(option === undefined ? [] : [[flagOf(option), name] as const]),
    ];
  });
  const replacements = new Map([...origins, ...names]);
  // A name may be the beginning of another.
  const longestFirst = Array.from(replacements.keys(), RegExp.escape).toSorted(
    (one, other) => other.length - one.length,
  );
  return message.replace(new RegExp(longestFirst.join('|'), 'g'), (name) => replacements.get(name) ?? name);
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
