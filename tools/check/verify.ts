// Runs every check. `npm test` starts it once everything is installed.
import { join } from 'node:path';
import { runAllChecks, runShown } from './run-steps.ts';

process.chdir(join(import.meta.dirname, '..', '..'));
await runAllChecks(() => runShown('vitest', ['run']));
