import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigurationError } from '../failure.ts';
import { checkValues, withoutEmpty } from './check-values.ts';
import { configurationKeys } from './keys.ts';
import { type Place, type PlacedProblem, parseYaml } from './parse-yaml.ts';

/** Far more than a configuration needs, and parsed within a second. Bytes. */
const fileMaxBytes = 256 * 1024;

/** A value of a configuration file. */
export type FileValue = {
  readonly key: string;
  readonly variable: string;
  /** The value as the variable would have it. */
  readonly text: string;
  readonly place: Place;
};

/** A configuration file without problems. */
export type Configuration = {
  /** Absolute path of the file. */
  readonly path: string;
  readonly values: readonly FileValue[];
};

/**
 * Reads a configuration file. Throws {@link ConfigurationError} with every problem of the file itself; other files that
 * it names are not read.
 */
export async function readConfiguration(named: string): Promise<Configuration> {
  const { path, values, problems } = await inspectConfiguration(named);
  if (problems.length > 0) throw refusal(path, problems);
  return { path, values };
}

/** Like {@link readConfiguration}, but returns the problems, and the values that are valid. */
export async function inspectConfiguration(
  named: string,
): Promise<Configuration & { readonly problems: readonly PlacedProblem[] }> {
  const path = resolve(named);
  const parsed = parseYaml(await readText(path));
  if (parsed.problems.length > 0) return { path, values: [], problems: parsed.problems };
  if (parsed.value !== null && (typeof parsed.value !== 'object' || Array.isArray(parsed.value))) {
    const message = 'the file must have sections such as "server:" with keys below them';
    return { path, values: [], problems: [{ place: parsed.placeOf([]), message }] };
  }
  const problems = checkValues(parsed);
  const content = withoutEmpty(parsed.value ?? {}, []);
  const values = configurationKeys.flatMap(({ key, variable, variableText = String }) => {
    const keyPath = key.split('.');
    const value = keyPath.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], content);
    const isWrong = problems.some(({ path: wrong }) =>
      keyPath.every((part, at) => wrong.length <= at || wrong[at] === part),
    );
    if (value === undefined || isWrong) return [];
    return [{ key, variable, text: variableText(value, path), place: parsed.keyPlaceOf(keyPath) }];
  });
  return { path, values, problems };
}

/** The file is not valid at these places. */
export function refusal(path: string, problems: readonly PlacedProblem[]): ConfigurationError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new ConfigurationError(
    `the configuration file ${JSON.stringify(path)} has ${count}`,
    problems.map(({ place, message }) => ({ place: `${path}:${place.line}:${place.column}`, message })),
  );
}

async function readText(path: string): Promise<string> {
  const shown = JSON.stringify(path);
  const content = await readBounded(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof ConfigurationError) throw cause;
    const why = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`;
    throw new ConfigurationError(`the configuration file ${shown} ${why}: name a readable file with --config`, []);
  });
  let text: string;
  try {
    // Without a byte order mark, which some editors write.
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw new ConfigurationError(`the configuration file ${shown} is not text in UTF-8: save it as UTF-8`, []);
  }
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    const before = text.slice(0, nul).split('\n');
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    throw refusal(path, [{ place, message: 'the file has a NUL character: remove it' }]);
  }
  // An editor or a full disk has left nothing. A file with only comments is valid.
  if (text.trim() === '') {
    throw new ConfigurationError(`the configuration file ${shown} is empty: write the settings to it`, []);
  }
  return text;
}

async function readBounded(path: string): Promise<Buffer> {
  // Without this flag, opening a pipe would wait for a writer.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const shown = JSON.stringify(path);
  if (!(await file.stat()).isFile()) {
    throw new ConfigurationError(`the configuration file ${shown} is not a regular file: name one with --config`, []);
  }
  const buffer = Buffer.alloc(fileMaxBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > fileMaxBytes) {
    const limit = `${fileMaxBytes / 1024} KiB`;
    throw new ConfigurationError(`the configuration file ${shown} has more than ${limit}: is it another file?`, []);
  }
  return buffer.subarray(0, length);
}
