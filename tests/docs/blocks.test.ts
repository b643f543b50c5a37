import { expect, test } from 'vitest';
import { storageDrivers } from '../../packages/engine/src/storage/drivers.ts';
import { parseConsole } from '../../tools/docs/console-block.ts';
import { allPages } from './all-pages.ts';

const blocks = [...(await allPages())].flatMap(([path, page]) => page.blocks.map((block) => ({ path, ...block })));
const json = blocks.filter(({ language }) => language === 'json');

test('every JSON block of a page is JSON', () => {
  const broken = json.filter(({ text }) => {
    try {
      JSON.parse(text);
      return false;
    } catch {
      return true;
    }
  });
  expect(broken.map(({ path, line }) => `${path}:${line}`)).toEqual([]);
});

test('every S3 policy of a page is the one that doctor prints', () => {
  const policies = json.filter(({ text }) => text.includes('s3:ListBucket')).map(({ text }) => JSON.parse(text));
  expect(policies.length).toBeGreaterThan(1);
  const printed = storageDrivers.flatMap(({ leastPolicy }) => leastPolicy?.of(['volumebackups']) ?? []);
  expect(printed).toHaveLength(1);
  for (const policy of policies) expect(policy).toEqual(printed[0]);
});

test('no command of a page has a secret as an argument of a program', () => {
  const secret = /"X-Auth-Token: \$|\$\{?\w*(?:token|TOKEN|PASSWORD|SECRET|secret)/;
  const commands = blocks
    .filter(({ language }) => language === 'console')
    .flatMap((block) => parseConsole(block).map(({ command, line }) => ({ command, place: `${block.path}:${line}` })));
  // The shell keeps these to itself: settings, builtins, and what a program reads.
  const passed = ({ command }: { readonly command: string }) =>
    command
      .replaceAll(/(?<=^|\s)\w+=\S+|<<<.*|@<\(echo .*?\)|(?:^|\| )echo .*?(?=[|>]|$)/g, '')
      .replace(/<<END.*/s, '');
  expect(commands.filter((each) => secret.test(passed(each))).map(({ place }) => place)).toEqual([]);
});
