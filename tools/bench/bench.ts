// pnpm bench <name> [options]: each benchmark is a file beside this one, and says its options at its top.
const names = ['client', 'load', 'proof', 'refusals', 'source-runs'] as const;
const name = names.find((each) => each === process.argv[2]);
if (name === undefined) {
  process.stderr.write(`pnpm bench <name>: one of ${names.join(', ')}\n`);
  process.exitCode = 1;
} else {
  process.argv.splice(2, 1);
  await import(`./${name}.ts`);
}
