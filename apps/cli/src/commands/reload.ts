import { configurationKeys } from '../configuration/keys.ts';
import { type Layers, layersOf, originsOf } from '../configuration/layers.ts';
import { type Environment, readEnvironment } from '../environment.ts';
import { ConfigurationError } from '../failure.ts';
import { logSettings } from '../log/log-options.ts';
import type { ProcessLog } from '../log/open-log.ts';
import type { ServiceManager } from '../service-manager.ts';
import type { CommandContext } from './command-context.ts';
import type { ServeOptions } from './start-gateway.ts';

/** What a process does with settings that it reads again. */
type Reloaded = {
  /** Whether the process serves the API. If not, the settings of `server` mean nothing to it. */
  readonly serves: boolean;
  /** Resolves when the process has started. A signal before that waits, instead of ending the process. */
  readonly started: Promise<unknown>;
  readonly logging: Pick<ProcessLog, 'log' | 'setLevel'>;
  readonly serviceManager: ServiceManager;
  /** Uses the settings of the API that can change while the process runs. */
  readonly apply: (environment: Environment) => Promise<void>;
};

/** Reloads the configuration until disposed. */
export type Reloading = Disposable & {
  /** The settings that were read last. Those that need a restart may not be in use. */
  readonly environment: Environment;
};

/**
 * Reads the configuration file, the certificate and the trusted roots again at each SIGHUP. If something is wrong, reports every problem
 * and changes nothing. Otherwise applies what can change while the process runs, and names what needs a restart.
 */
export function reloadOnHangUp(
  context: Pick<CommandContext, 'environment' | 'layers' | 'connect' | 'onHangUp' | 'signal'>,
  options: ServeOptions,
  { serves, started, logging, serviceManager, apply }: Reloaded,
): Reloading {
  const { log, setLevel } = logging;
  const given: Readonly<Record<string, unknown>> = { ...context.connect, ...options };
  let { environment } = context;
  /** The values in use, by key. */
  const inUse = valuesOf(context.layers);

  async function reload(): Promise<void> {
    const { file } = context.layers;
    // Loaded only now: most servers never need it.
    const [{ readConfiguration }, { checkStart }] = await Promise.all([
      import('../configuration/read-configuration.ts'),
      import('../configuration/check-start.ts'),
    ]);
    const layers = layersOf(context.layers.own, file === null ? null : await readConfiguration(file.path));
    const { problems } = await checkStart(
      layers,
      { ...context.connect, ...options },
      { serves, runs: true, isWhole: true },
    );
    if (problems.length > 0) throw new ConfigurationError('the configuration is not valid', problems);
    const read = readEnvironment(layers.variables, originsOf(layers));
    const values = valuesOf(layers);
    const changed = configurationKeys.filter(({ key, option = '', displacedBy }) => {
      if (!serves && key.startsWith('server.')) return false;
      const isGiven = given[option] !== undefined || (displacedBy !== undefined && hasCatalogue(given));
      return !isGiven && values.get(key) !== inUse.get(key);
    });
    const hasTls = (each: ReadonlyMap<string, string>) => each.has('server.tls.certificate_file');
    const canChange = ({ key, isLive }: (typeof changed)[number]) =>
      isLive === true && (!key.startsWith('server.tls.') || hasTls(values) === hasTls(inUse));
    await apply(read);
    environment = read;
    const applied = changed.filter(canChange).map(({ key }) => key);
    for (const key of applied) {
      const value = values.get(key);
      if (value === undefined) inUse.delete(key);
      else inUse.set(key, value);
    }
    const left = changed.filter((each) => !canChange(each)).map(({ key }) => key);
    const what = changed.length === 0 ? ['No setting has changed.'] : [];
    if (applied.length > 0) what.push(`Changed: ${applied.join(', ')}.`);
    if (left.length > 0) what.push(`Needs a restart: ${left.join(', ')}.`);
    const readAgain = [
      ...(file === null ? [] : [`the configuration ${file.path}`]),
      ...(serves && hasTls(values) ? ['the certificate'] : []),
      ...(values.has('signatures.trusted_roots_file') ? ['the trusted roots'] : []),
    ];
    log('config.reloaded', `Read ${readAgain.join(' and ') || 'no file'} again. ${what.join(' ')}`, {
      changed: applied.join(',') || null,
      needs_restart: left.join(',') || null,
    });
    // After the entry, which a new level may leave out.
    setLevel(logSettings(options, read).level);
  }

  async function reloadOrReport(): Promise<void> {
    await serviceManager.reloading();
    try {
      await reload();
    } catch (error) {
      const problems = error instanceof ConfigurationError ? error.problems : [];
      const message = error instanceof Error ? error.message : String(error);
      log('config.refused', `SIGHUP changed nothing: ${message}.`, {});
      for (const { place, message } of problems) log('config.problem', `${place}: ${message}`, { place });
    }
    await serviceManager.ready();
  }

  let last: Promise<unknown> = started;
  const hangUps = context.onHangUp(() => {
    if (context.signal.aborted) return;
    // One after the other: the last signal counts.
    last = last.then(reloadOrReport);
  });
  return {
    get environment() {
      return environment;
    },
    [Symbol.dispose]: () => hangUps[Symbol.dispose](),
  };
}

function hasCatalogue({ dataDir, database }: Readonly<Record<string, unknown>>): boolean {
  return (dataDir ?? database) !== undefined;
}

/** The values of settings, by key, as their variables have them. */
function valuesOf({ variables }: Layers): Map<string, string> {
  const entries = configurationKeys.flatMap(({ key, variable, otherVariable }) => {
    const value = (otherVariable === undefined ? undefined : variables[otherVariable]) || variables[variable];
    return value ? [[key, value] as const] : [];
  });
  return new Map(entries);
}
