// pnpm run docs [page …]: writes the generated pages, and the outputs of the commands in the given pages.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readPage } from './markdown-page.ts';
import { generatedPages } from './reference/generated-pages.ts';
import { runPage } from './run-page.ts';

for (const [path, write] of Object.entries(generatedPages)) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, write());
}
for (const path of process.argv.slice(2)) {
  const page = await readPage(path);
  const { text, commands, discrepancies } = await runPage(page);
  if (text !== page.text) await writeFile(path, text);
  process.stdout.write(`${path}: ${commands} commands, ${text === page.text ? 'unchanged' : 'changed'}\n`);
  for (const { line, message } of discrepancies) process.stdout.write(`${path}:${line}: ${message}\n`);
}
