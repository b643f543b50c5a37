// node tools/setup/run.mjs <task> …: runs a task of this folder if Node is new enough.
// Old versions of Node must be able to read this file, so the rest is imported after the check.
const oldestNode = 20;
if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  process.stderr.write(
    `backup-sync needs Node ${oldestNode} or later, and this is Node ${process.versions.node}. Install a newer one.\n`,
  );
  process.exitCode = 1;
} else {
  import(`./${process.argv[2]}.mjs`);
}
