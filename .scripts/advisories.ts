// pnpm advisories: fails where the registry knows an advisory of a package that is shipped. Not every registry offers
// them, nor is it always there: then it says that nothing was checked.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('pnpm', ['audit', '--prod', '--json'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
const answer = JSON.parse(stdout) as {
  readonly error?: { readonly code: string };
  readonly advisories?: Record<string, { module_name: string; severity: string; title: string; url: string }>;
};
if (answer.error !== undefined) {
  process.stderr.write(`no advisories were checked: the registry does not answer (${answer.error.code})\n`);
} else {
  const advisories = Object.values(answer.advisories ?? {});
  for (const { module_name: name, severity, title, url } of advisories) {
    process.stderr.write(`${name}, ${severity}: ${title} (${url})\n`);
  }
  process.stdout.write(`${advisories.length} advisories\n`);
  process.exitCode = advisories.length === 0 ? 0 : 1;
}
