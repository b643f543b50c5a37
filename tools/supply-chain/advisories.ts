// pnpm advisories: asks the registry for advisories of the packages that are shipped. Exits 0 if there are none,
// 1 if there are any, and 2 if nothing was checked: some registries offer none, and a registry may not answer.
import { spawnSync } from 'node:child_process';

type Advisory = {
  readonly module_name: string;
  readonly severity: string;
  readonly title: string;
  readonly url: string;
};

/** The output of pnpm: its own error, or the registry's answer unchanged. */
type Printed = {
  readonly error?: { readonly code: string; readonly message: string };
  readonly advisories?: Readonly<Record<string, Advisory>>;
  readonly metadata?: { readonly totalDependencies?: number };
};

type Audit = { readonly advisories: readonly Advisory[]; readonly packages: number } | { readonly whyNot: string };

function audit(): Audit {
  const { stdout, error } = spawnSync('pnpm', ['audit', '--prod', '--json'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error !== undefined) return { whyNot: error.message };
  let printed: Printed;
  try {
    printed = JSON.parse(stdout);
  } catch {
    return { whyNot: `pnpm says ${JSON.stringify(stdout.slice(0, 200))}` };
  }
  if (printed.error !== undefined) return { whyNot: `${printed.error.code}: ${printed.error.message}` };
  const advisories = Object.values(printed.advisories ?? {});
  const packages = printed.metadata?.totalDependencies ?? 0;
  // A substitute for a registry may answer with nothing in the right form. Then it has not checked any package.
  if (advisories.length === 0 && !(packages > 0))
    return { whyNot: 'the registry does not say that it checked any package' };
  return { advisories, packages };
}

const audited = audit();
if ('whyNot' in audited) {
  process.stderr.write(`no package was checked for advisories: ${audited.whyNot}\n`);
  process.stderr.write('Name a registry that offers advisories: npm_config_registry=<url> pnpm run advisories\n');
  process.exitCode = 2;
} else {
  for (const { module_name: name, severity, title, url } of audited.advisories) {
    process.stderr.write(`${name}, ${severity}: ${title} (${url})\n`);
  }
  process.stdout.write(`advisories: ${audited.advisories.length}; packages checked: ${audited.packages}\n`);
  process.exitCode = audited.advisories.length === 0 ? 0 : 1;
}
