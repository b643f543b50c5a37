import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import { allFiles } from '../../tools/check/changed-files.ts';

/** Phrases of translated English, as regular expressions, each with a better one. A space also matches a line break. */
const phrases: readonly (readonly [phrase: string, better: string])[] = [
  ['(?:held|holds?) (?:\\w+ ){0,3}against', 'compared with'],
  ['(?:lies|lie|lay|lying) (?:at|in|there|below|under|behind|beside|outside)', 'is at, is in'],
  ['stands? (?:in|at|behind|beside|there)', 'is in, is at'],
  ['(?:written|writes?|wrote) (?:\\w+ )?down', 'recorded, stored'],
  ['for ever', 'permanently, without limit'],
  ['for good(?! reason)', 'permanently'],
  ['by hand', 'manually'],
  ['(?:the|a|each|every|all) ways? in(?! which)', 'credentials'],
  ['(?:brought|brings?|bring) in', 'imported'],
  ['puts? out', 'prints'],
  ['put together', 'assembled'],
  ['(?:may|can) come in', 'may log in'],
  ['let in', 'admitted, allowed'],
  ['kept out', 'refused'],
  ['end(?:s|ed)? well', 'succeeded'],
  ['in the end', 'finally, at the end'],
  ['in place of', 'instead of'],
  ['at a stroke', 'at once'],
  ['out of hand', 'immediately'],
  ['(?:is|are|was|were) told', 'is notified, gets'],
  ['looked at', 'checked, examined'],
  ['passe[sd] over', 'ignored'],
  ['sees? to it', 'ensures'],
  ['as (?:it|they) must be', 'correct, as expected'],
  ['ha(?:s|ve|d) to do with', 'is about'],
  ["each one's", 'of each'],
  ['n(?:one|othing) but', 'only'],
  ['what there is', 'the noun'],
  ['answers? (?:how|whether|what|why)', 'returns'],
  ['where (?:it|there|they) (?:is|are|was|were) (?:no|not|none)', 'if there is no'],
  ['(?:each|every|all|any) doors?', 'every interface'],
  ['besides', 'also, other than'],
  ['beside (?:the|a|an|it|its|them|each|one|this|that|which|what)', 'next to, with'],
  ['anew', 'again'],
  ['likewise', 'also, the same'],
  ['whoever', 'anyone who'],
  ['thus', 'so'],
  ['hence', 'so'],
  ['made-up', 'generated'],
  ['what (?:storage|reading|the \\w+|`\\w+`) throws', 'errors of'],
  ['(?:takes?|took|taken) up(?! room| to)', 'starts'],
  ['whole (?:id|name)s?', 'full id, full name'],
  ['(?<!at )least (?:number|width|policy|permissions)', 'minimum'],
  ['the most (?:bytes|items|characters|steps)', 'maximum number of'],
  ['for each so many', 'number of … between two'],
  ['goes on', 'continues'],
  [
    '(?<!there )(?:is|are) no (?:administrator|backup|database|MD5|time|UUID|digit|record|failure|success|verdict)s?',
    'is not a',
  ],
];

// A phrase may continue on the next line of a comment.
const space = '(?:\\s+(?:(?:\\*|//)\\s+)?)';
const patterns = phrases.map(([phrase, better]) => ({
  pattern: new RegExp(`\\b${phrase.replaceAll(' ', space)}\\b`, 'gi'),
  better,
}));

/** Finds such phrases in a text, as `line: phrase -> better one`. */
function findPhrases(text: string): string[] {
  return patterns.flatMap(({ pattern, better }) =>
    Array.from(text.matchAll(pattern), ({ 0: found, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${line}: "${found.replaceAll(new RegExp(space, 'g'), ' ')}" -> "${better}"`;
    }),
  );
}

/** Written by others, or only this list. */
const isSkipped = (file: string) =>
  /^(?:pnpm-lock\.yaml|LICENSE|packaging\/node\/|examples\/)|(?:^|\/)fixtures\/|\.(?:png|webp|gz|sqlite)$/.test(file) ||
  file === 'tests/docs/plain-words.test.ts';

test('pages, messages and comments have plain words', () => {
  const files = allFiles(repositoryRoot).filter((file) => !isSkipped(file));
  expect(files.length).toBeGreaterThan(1000);
  const found = files.flatMap((file) =>
    findPhrases(readFileSync(join(repositoryRoot, file), 'utf8')).map((each) => `${file}:${each}`),
  );
  expect(found).toEqual([]);
});

describe('a phrase is found', () => {
  test('with its line and a better one', () => {
    expect(findPhrases('one\nThe audit is kept for ever.')).toEqual(['2: "for ever" -> "permanently, without limit"']);
  });

  test('across the lines of a comment', () => {
    expect(findPhrases('/**\n * What lies\n * in a bucket.\n */')).toEqual(['2: "lies in" -> "is at, is in"']);
    expect(findPhrases('// It is kept for\n// ever.')).toHaveLength(1);
  });

  test('but not inside another word', () => {
    expect(findPhrases('for everyone, the goods, a replay in turn')).toEqual([]);
  });
});
