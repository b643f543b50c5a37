// npm start: sets everything up, then runs the main job on the shipped examples.
import { join } from 'node:path';
import { build, environment, install, node, root, run } from './setup.mjs';

await install();
await build();
environment.BACKUP_SYNC_DATA_DIR ||= join(root, '.data', 'examples');
const demo = [join(root, 'apps/cli/dist/main.js'), 'demo', '--examples', join(root, 'examples')];
const calledAs = ['--called-as', 'npm run --silent backup-sync --'];
const { code } = await run(node, [...demo, ...calledAs, ...process.argv.slice(3)]);
process.exitCode = code;
