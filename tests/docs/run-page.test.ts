import { expect, test } from 'vitest';
import { parsePage } from '../../tools/docs/markdown-page.ts';
import { runPage } from '../../tools/docs/run-page.ts';

test.each(['../out.txt', '/tmp/out.txt', 'node_modules/@backup-sync/core/out.txt'])(
  'a page cannot write %s, which is not in its directory',
  async (file) => {
    const page = parsePage(`\`\`\`text file=${file}\nx\n\`\`\`\n`);
    await expect(runPage(page)).rejects.toThrow(`file=${file} leads out of the directory of the page`);
  },
);
