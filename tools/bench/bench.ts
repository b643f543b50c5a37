// pnpm bench <name> [options]: runs a benchmark. Each is a file in this folder, with its options in the first lines.
const names = ['accept', 'client', 'imports', 'listings', 'load', 'proof', 'refusals', 'source-runs'] as const;
const name = names.find((each) => each === process.argv[2]);
if (name === undefined) {
  process.stderr.write(`pnpm bench <name>: one of ${names.join(', ')}\n`);
  process.exitCode = 1;
} else {
  process.argv.splice(2, 1);
  await import(`./${name}.ts`);
}
