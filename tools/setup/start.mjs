// npm start: sets everything up, then imports the shipped examples.
import { join } from 'node:path';
import { callersDirectory } from './callers-directory.mjs';
import { build, environment, install, node, root, run } from './setup.mjs';

await install();
await build();
// Never a catalogue that someone uses: the examples would become part of it.
environment.BACKUP_SYNC_DATA_DIR = join(root, '.data', 'examples');
const demo = [join(root, 'apps/cli/dist/main.js'), 'demo', '--examples', join(root, 'examples')];
const calledAs = ['--called-as', 'npm run --silent backup-sync --'];
const command = [...demo, ...calledAs, ...process.argv.slice(3)];
const { code } = await run(node, command, { directory: callersDirectory(root, 'start') });
process.exitCode = code;
