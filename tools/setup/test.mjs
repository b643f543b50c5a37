// npm test: sets everything up, then runs every check.
import { install, run } from './setup.mjs';

await install();
const { code } = await run('pnpm', ['run', 'verify']);
process.exitCode = code;
