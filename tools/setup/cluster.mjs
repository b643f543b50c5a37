// npm run cluster: sets everything up, then starts a cluster that imports the shipped examples.
import { join } from 'node:path';
import { build, install, node, root, run } from './setup.mjs';

await install();
await build();
const { code } = await run(node, [join(root, 'examples/cluster/run.mjs')]);
process.exitCode = code;
