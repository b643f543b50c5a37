// npm test: sets everything up, then passes every check.
import { install, run } from './setup.mjs';

await install();
const { code } = await run('pnpm', ['run', 'verify']);
process.exitCode = code;
