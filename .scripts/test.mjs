// npm test: sets everything up, then passes every check.
import { checkNode, install, run } from './setup.mjs';

checkNode();
await install();
const { code } = await run('pnpm', ['run', 'verify']);
process.exitCode = code;
