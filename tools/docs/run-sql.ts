// run-sql.ts --file <file> <url>: runs the statements of a file, as psql does.
import { readFile } from 'node:fs/promises';
import { run } from '../../packages/engine/src/testing/test-database.ts';

const [, , , file = '', url = ''] = process.argv;
// One by one: several at once would be one transaction, which cannot create a database.
for (const statement of (await readFile(file, 'utf8')).split(/;$/m)) {
  if (statement.trim() !== '') await run(url, statement);
}
