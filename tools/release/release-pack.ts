// pnpm release:pack [--output release] [--maintainer "Name <address>"]: makes all files of a release, and prints their
// sizes. What is in the output directory stays there, so it must be empty or not exist.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runShown } from '../check/run-steps.ts';
import { describeRelease, root } from './release.ts';
import { releaseFiles } from './release-files.ts';
import { sizeLimit } from './size-limit.ts';

const { values } = parseArgs({
  options: {
    output: { type: 'string', default: join(root, 'release') },
    maintainer: { type: 'string', default: 'backup-sync maintainers <maintainers@backup-sync.invalid>' },
  },
});
mkdirSync(values.output, { recursive: true });
if (readdirSync(values.output).length > 0) {
  throw new Error(`${values.output} is not empty. Remove what is in it, or name another directory with --output.`);
}
process.chdir(root);
const release = describeRelease(process.env);
if (!(await runShown('turbo', ['run', 'build', '--output-logs=errors-only']))) throw new Error('The build failed.');
const files = await releaseFiles(release, { maintainer: values.maintainer, gzipLevel: 9 });
for (const [name, content] of files) writeFileSync(join(values.output, name), content);

const kibibytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(14);
const rows = Array.from(files, ([name, { length }]) => {
  const limit = sizeLimit(name);
  return `${name.padEnd(44)}${kibibytes(length)}${limit === null ? '' : `${kibibytes(limit)} at most`}\n`;
});
process.stdout.write(`backup-sync ${release.version}, commit ${release.commit ?? 'unknown'}\n${rows.join('')}`);
if (release.commit?.endsWith('-modified')) {
  process.stderr.write('The working tree has changes without a commit. Commit them before you publish this.\n');
}
