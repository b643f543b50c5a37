import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** The titles of tests and their groups, without comments and without tests that never run. */
function titlesIn(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  // A title is followed by a callback, whatever precedes it: `test.each([…])('title', async () => …)`.
  const titled = /(\S*)\(\s*(['"`])((?:\\.|(?!\2)[^\\])*)\2,\s*(?:\{[^}]*\},\s*)?(?:async\s*)?\(/g;
  return Array.from(code.matchAll(titled), ([, called = '', , title = '']) => ({ called, title }))
    .filter(({ called }) => /^(?:test|it|describe)\b|\)$/.test(called) && !/\.(?:skip|todo)$/.test(called))
    .map(({ title }) => title);
}

describe('the titles of a file', () => {
  test('include those of groups, tables and conditional tests', () => {
    const source = `
      describe('a group', () => {
        test(
          "it's one",
          async () => {},
        );
        it.concurrent('another', { timeout: 5 }, async ({ expect }) => {});
        test.each([1, 2])('with %i', (value) => {});
        test.skipIf(process.platform === 'win32')(\`on some\`, () => {});
      });`;
    expect(titlesIn(source)).toEqual(['a group', "it's one", 'another', 'with %i', 'on some']);
  });

  test('include no comments, skipped tests or messages', () => {
    const source = `
      // test('in a comment', () => {});
      /**
       * test('in a docstring', () => {});
       */
      test.skip('skipped', () => {});
      test.todo('to be done');
      expect(value, 'a message').toBe(1);
      cases.set('a case', () => {});`;
    expect(titlesIn(source)).toEqual([]);
  });
});

/** The rows of the tables of SECURITY.md. */
const rows = read('SECURITY.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| defended'))
  .map((line) => {
    const [, bound = '', path = '', title = ''] = /^\| .+ \| (.+) \| `([^`]+)`: (.+) \|$/.exec(line) ?? [];
    return { line, bound, path, title };
  });

test('every test that SECURITY.md names exists, and every defence names one', () => {
  expect(rows.length).toBeGreaterThan(30);
  for (const { line, path, title } of rows) {
    expect(path, `names no test: ${line}`).not.toBe('');
    const titles = titlesIn(read(path));
    expect(
      titles.some((each) => each.includes(title)),
      `${path} has no test: ${title}`,
    ).toBe(true);
  }
});

const gateway = 'apps/gateway/src';
const engine = 'packages/engine/src';

/** Limits of SECURITY.md, each with the file and the constant or field that sets it. */
const limits = [
  ['32 KiB of request line and headers', `${gateway}/listen.ts`, 'headersMaxBytes'],
  ['headers within 15 s', `${gateway}/edges/edge-limits.ts`, 'headersTimeoutMs'],
  ['the whole request within 60 s', `${gateway}/edges/edge-limits.ts`, 'requestTimeoutMs'],
  ['20 s for an answer', `${engine}/hooks/hook-sender.ts`, 'answerWithinMs'],
  ['16 KiB of an answer', `${engine}/hooks/post-message.ts`, 'answerMaxBytes'],
  ['1,000 subjects', 'packages/contracts/src/hook-event.ts', 'hookSubjectsMax'],
  ['1 MiB', `${gateway}/json-body.ts`, 'bodyMaxBytes'],
  ['3,584 characters', `${gateway}/console/session-cookie.ts`, 'valueMax'],
  ['32 levels of JSON', `${gateway}/json-body.ts`, 'depthMax'],
  ['50 calls in a tRPC batch', `${gateway}/trpc-door.ts`, 'batchedCallsMax'],
  ['1,000 calls a second', `${gateway}/edges/edge-limits.ts`, 'callsPerSecond'],
  ['256 calls in progress', `${gateway}/edges/edge-limits.ts`, 'callsInFlightOfCaller'],
  ['1,024 calls in progress', `${gateway}/edges/edge-limits.ts`, 'callsInFlight'],
  ['64 calls in progress', `${gateway}/edges/edge-limits.ts`, 'callsInFlightOfNetwork'],
  ['512 connections', `${gateway}/edges/edge-limits.ts`, 'connectionsOfNetwork'],
  ['4,096 connections', `${gateway}/edges/edge-limits.ts`, 'connections'],
  ['50 calls a second', `${gateway}/edges/edge-limits.ts`, 'unknownCallsPerSecond'],
  ['10 wrong passwords', `${engine}/identity/guess-limits.ts`, 'guessesOfUserMax'],
  ['50 wrong passwords', `${engine}/identity/guess-limits.ts`, 'guessesFromAddressMax'],
  ['within 15 minutes', `${engine}/identity/guess-limits.ts`, 'guessWindowMs'],
  ['checked every 60 s', `${gateway}/listen.ts`, 'renewalCheckMs'],
  ['within 5 s', `${engine}/identity/recent-grants.ts`, 'recentMs'],
  ['within 15 s if there is none', `${gateway}/open-stream.ts`, 'heartbeatMs'],
  ['15 minutes between', `${engine}/identity/signed-request.ts`, 'windowMs'],
  ['1,024 bytes', 'packages/contracts/src/fields.ts', 'imagePathMaxBytes'],
  ['8 rounds', 'packages/contracts/src/image-path.ts', 'decodingsMax'],
  ['24 hours', `${engine}/deadline.ts`, 'operationLivesMs'],
  ['45 seconds', `${engine}/calls/plan-sync.ts`, 'timeMs'],
  ['100 empty pages', `${engine}/storage/s3/s3-listing.ts`, 'emptyPagesMax'],
  ['60 s without a byte', `${engine}/storage/s3/s3-client.ts`, 'idleTimeoutMs'],
  ['after 1 s', `${engine}/storage/watched-bucket.ts`, 'silentAfterMs'],
  ['64 levels', `${engine}/chain/json/bounded-json.ts`, 'depthMax'],
  ['strings of 1,048,576 characters', `${engine}/chain/json/bounded-json.ts`, 'stringUnitsMax'],
  ['numbers of 64 characters', `${engine}/chain/json/bounded-json.ts`, 'numberCharactersMax'],
  ['4,096 keys and values', `${engine}/chain/manifest-document/read-manifest.ts`, 'partsMax'],
  ['with 1,048,576 characters', `${engine}/chain/manifest-document/read-manifest.ts`, 'textUnitsMax'],
  ['200,000 backups', `${engine}/chain/proof/object-bound.ts`, 'folderLinksMax'],
  ['16,000,000 blocks', `${engine}/chain/formats/longhorn/volume-listing.ts`, 'blocksMax'],
  ['10 certificates', `${engine}/chain/formats/ovf/certificate.ts`, 'chainMax'],
  ['64 KiB of each', `${engine}/chain/formats/ovf/certificate-rules.ts`, 'certificateBytesMax'],
  ['8 GiB', `${engine}/compose-engine.ts`, 'defaultLinkageMaxBytes'],
  ['within 1 s', `${engine}/catalogue/sqlite/open-sqlite-catalogue.ts`, 'lookEveryMs'],
  ['400 generated requests', 'tools/fuzz/fuzz.test.ts', 'requests'],
  ['120 changed buckets', 'tools/fuzz/fuzz.test.ts', 'proofs'],
  ['20 changed buckets', 'tools/fuzz/fuzz.test.ts', 'rounds'],
  ['outages of 5 s', 'tools/chaos/chaos.test.ts', 'outageMs'],
  ['100 audit events', `${engine}/audit/refusal-limit.ts`, 'mostInWindow'],
  ['8 names', `${engine}/audit/subjects.ts`, 'uncheckedMax'],
  ['within 5 minutes', `${engine}/identity/keystone/token-validation.ts`, 'keptMs'],
  ['256 KiB', 'apps/cli/src/configuration/read-configuration.ts', 'fileMaxBytes'],
  ['20,000 values', 'apps/cli/src/configuration/parse-yaml.ts', 'nodesMax'],
  ['20 levels', 'apps/cli/src/configuration/parse-yaml.ts', 'depthMax'],
  ['100 aliases', 'apps/cli/src/configuration/parse-yaml.ts', 'aliasesMax'],
  ['50 problems', 'apps/cli/src/configuration/parse-yaml.ts', 'problemsMax'],
  ['14,336 characters', `${engine}/identity/token-length.ts`, 'tokenMaxLength'],
] as const;

/** In bytes, milliseconds, or the number itself for what is counted. */
const units: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  s: 1000,
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
};

/** The first number of a text, with its unit. */
function amountIn(text: string): number {
  const [, digits = '', unit = ''] = /([\d,]+) (\w+)/.exec(text) ?? [];
  return Number(digits.replaceAll(',', '')) * (units[unit] ?? 1);
}

/** The value that a file gives to a constant or field: a number, a product or a power. */
function valueIn(path: string, name: string): number {
  const [, value = ''] =
    new RegExp(`\\b${name}(?: =|:) (\\d[\\d_]*(?: \\*\\*? \\d[\\d_]*)*)[,; ]`).exec(read(path)) ?? [];
  return value
    .replaceAll('_', '')
    .split(' * ')
    .map((factor) =>
      factor
        .split(' ** ')
        .map(Number)
        .reduce((base, exponent) => base ** exponent),
    )
    .reduce((one, other) => one * other);
}

test.each(limits)('SECURITY.md gives the limit that the code has: %s', (text, path, name) => {
  expect(rows.filter(({ bound }) => bound.includes(text))).not.toEqual([]);
  expect(amountIn(text)).toBe(valueIn(path, name));
});

test('every limit of SECURITY.md with a number is compared with the code, or known to have no constant', () => {
  const numbersIn = (text: string) => text.match(/\d[\d,]*/g) ?? [];
  // Two attempts of 60 s, modes of files, an HTTP status, versions, and defaults that are strings.
  const withoutConstant = /within 2 minutes|mode 0\d+|and 0600|503|CycloneDX 1\.6|AES-256|[\d,]+ with `pnpm run fuzz`/g;
  const compared = limits.map(([text]) => text);
  const others = rows.flatMap(({ bound }) => {
    let rest = bound.replaceAll(withoutConstant, '');
    for (const text of compared) rest = rest.replaceAll(text, '');
    return numbersIn(rest).length > 0 ? [bound] : [];
  });
  expect(others).toEqual([]);
});
