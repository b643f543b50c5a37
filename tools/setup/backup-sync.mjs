// npm run --silent backup-sync -- …: runs the command line. Sets it up first if necessary.
import { join } from 'node:path';
import { callersDirectory } from './callers-directory.mjs';
import { build, install, node, root, run } from './setup.mjs';

await install();
await build();
const command = [join(root, 'apps/cli/dist/main.js'), ...process.argv.slice(3)];
const { code } = await run(node, command, { directory: callersDirectory(root, 'backup-sync') });
process.exitCode = code;
