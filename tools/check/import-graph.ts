import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** Files of the repository, each with the files that it loads. Paths are relative to the root. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** `import … from`, `export … from`, `import '…'` and `import('…')`. Imports of only types load nothing. */
const imports =
  /^(?:import|export)\s+(?!type\b)[^'";]*?from\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
/** A thread or a program that is started from a file. */
const starts = /\bstartThread\(import\.meta\.url, '([^']+)'|\bnew URL\('([^']+\.[jt]s)', import\.meta\.url\)/g;

/**
 * Reads which file loads which. `packages` maps the name of a package, or of an entry of one, to its file in the
 * sources. A built file counts as the source of its name: `../dist/main.js` is `../src/main.ts`.
 */
export async function readImportGraph(
  root: string,
  files: readonly string[],
  packages: ReadonlyMap<string, string>,
): Promise<ImportGraph> {
  const known = new Set(files);
  const read = async (file: string): Promise<[string, ReadonlySet<string>]> => {
    const source = await readFile(join(root, file), 'utf8');
    const from = (path: string) => normalize(join(dirname(file), path));
    const imported = Array.from(source.matchAll(imports), ([, named, bare, late]) => named ?? bare ?? late ?? '').map(
      (name) => (name.startsWith('.') ? from(name) : (packages.get(name) ?? '')),
    );
    const started = Array.from(source.matchAll(starts), ([, thread, program = '']) =>
      thread !== undefined
        ? from(`${thread}.ts`)
        : from(program)
            .replace(/(^|\/)dist\//, '$1src/')
            .replace(/\.js$/, '.ts'),
    );
    return [file, new Set([...imported, ...started].filter((each) => known.has(each)))];
  };
  const modules = files.filter((file) => /\.m?[jt]s$/.test(file));
  return new Map(await Promise.all(modules.map(read)));
}
