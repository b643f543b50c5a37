// node tools/setup/run.mjs <task> …: runs a task of this folder on a Node that is new enough.
// Old Nodes must be able to read this file, so the rest is imported once the version is known to do.
const oldestNode = 20;
if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  process.stderr.write(
    `Node ${oldestNode} or later is needed, and this is Node ${process.versions.node}: install a newer one.\n`,
  );
  process.exitCode = 1;
} else {
  import(`./${process.argv[2]}.mjs`);
}
