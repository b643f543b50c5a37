// npm run --silent backup-sync -- …: the command line, set up when it is not.
import { join } from 'node:path';
import { build, install, node, root, run } from './setup.mjs';

await install();
await build();
const { code } = await run(node, [join(root, 'apps/cli/dist/main.js'), ...process.argv.slice(3)]);
process.exitCode = code;
