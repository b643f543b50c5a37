import { counted } from '@backup-sync/contracts';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** A place in a file; both numbers start at 1. */
export type Place = { readonly line: number; readonly column: number };

/** A problem of a text, at a place of it. */
export type PlacedProblem = { readonly place: Place; readonly message: string };

/** The content of a YAML file, and where each part of it is. */
export type ParsedYaml = {
  /** Maps are objects without a prototype. A map without a value is null. */
  readonly value: unknown;
  /** Returns the place of the value at a path; of the closest value above it if there is none. */
  readonly placeOf: (path: readonly PropertyKey[]) => Place;
  /** Returns the place of the key of the last name of a path. */
  readonly keyPlaceOf: (path: readonly PropertyKey[]) => Place;
  readonly problems: readonly PlacedProblem[];
};

const nodesMax = 20_000;
/** Aliases that are followed. A file of a few hundred bytes can name billions of values by its aliases. */
const aliasesMax = 100;
/** Characters of a key. The places of all values below it are remembered with it. */
const keyMax = 200;
const depthMax = 20;
/** Syntax errors that are reported; further ones mostly follow from the first. */
const errorsMax = 10;
/** Problems of a file that are reported one by one. */
export const problemsMax = 50;

/** Messages of the parser that need other words. */
const syntaxMessages: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab cannot indent a line: use spaces',
  MULTIPLE_DOCS: 'the file must have one document: remove the line "---" and what follows it',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  NON_STRING_KEY: 'a key must be text: put it in quotes',
  MISSING_CHAR: 'a colon, quote or bracket is missing here or in the line before',
  BAD_INDENT: 'this line must begin in the same column as the other keys of its section',
  UNEXPECTED_TOKEN: 'a key needs ": " before its value, and a value with special characters needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a line can have one key: put a value that contains ": " in quotes',
  BAD_SCALAR_START: 'a value that starts with this character needs quotes',
};

/**
 * Parses one YAML document of the core schema. Refuses custom tags, directives and repeated keys, and follows only a
 * bounded number of aliases. Does not throw: `problems` says what is wrong.
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // Checked below, without comparing each key with all others.
    uniqueKeys: false,
    // Prints nothing, but reports a second document.
    logLevel: 'error',
  });
  const problems: PlacedProblem[] = [...document.errors, ...document.warnings].slice(0, errorsMax).map((error) => ({
    place: place(error.pos[0]),
    message: error.code === 'TAG_RESOLVE_FAILED' ? 'tags such as !name are not supported: remove it' : said(error),
  }));
  const directive = text.search(/^%/m);
  if (directive >= 0)
    problems.push({ place: place(directive), message: 'remove this line: it is a directive of YAML' });

  const places = new Map<string, Place>();
  const keyPlaces = new Map<string, Place>();
  const anchors = new Map<string, Node>();
  let nodes = 0;
  let aliases = 0;
  let aliasDepth = 0;

  function read(node: Node | null | undefined, path: readonly PropertyKey[], at: Place): unknown {
    nodes += 1;
    const here = node?.range == null ? at : place(node.range[0]);
    if (nodes > nodesMax || path.length > depthMax) {
      throw new TooMuch(here, `the file has more than ${nodesMax} values, or more than ${depthMax} levels`);
    }
    const name = nameOf(path);
    if (!places.has(name)) places.set(name, here);
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) {
        problems.push({ place: here, message: `there is no anchor &${node.source} above` });
        return null;
      }
      aliases += 1;
      if (aliases > aliasesMax)
        throw new TooMuch(here, `the file has more than ${aliasesMax} aliases: write the values`);
      aliasDepth += 1;
      const value = read(target, path, here);
      aliasDepth -= 1;
      return value;
    }
    // What an alias names is read again, but its anchors are where they are.
    if (node?.anchor !== undefined && aliasDepth === 0) anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item, index) => read(item as Node, [...path, index], here));
    if (!isMap(node)) return null;
    const content: Record<string, unknown> = Object.create(null);
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const keyText = String(key.value);
      const keyPath = [...path, keyText];
      const keyPlace = key.range == null ? here : place(key.range[0]);
      if (keyText.length > keyMax) {
        problems.push({ place: keyPlace, message: `a key may have at most ${keyMax} characters: remove it` });
        continue;
      }
      if (key.anchor !== undefined && aliasDepth === 0) anchors.set(key.anchor, key);
      if (keyText in content) {
        problems.push({ place: keyPlace, message: `${keyPath.join('.')} is given twice: remove one` });
        continue;
      }
      keyPlaces.set(nameOf(keyPath), keyPlace);
      content[keyText] = read(value as Node | null, keyPath, keyPlace);
    }
    return content;
  }

  const start: Place = { line: 1, column: 1 };
  let value: unknown = null;
  if (problems.length === 0) {
    try {
      value = read(document.contents, [], start);
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      problems.push({ place: error.place, message: error.message });
    }
  }
  const closest = (path: readonly PropertyKey[]): Place =>
    places.get(nameOf(path)) ?? (path.length === 0 ? start : closest(path.slice(0, -1)));
  return {
    value,
    placeOf: closest,
    keyPlaceOf: (path) => keyPlaces.get(nameOf(path)) ?? closest(path),
    problems: [...problems.slice(0, problemsMax), ...furtherProblems(problems)],
  };
}

/** Says how many problems are not reported one by one, as one problem; none if all are. */
export function furtherProblems(problems: readonly { readonly place: Place }[]): PlacedProblem[] {
  const [first] = problems.slice(problemsMax);
  if (first === undefined) return [];
  const count = counted(problems.length - problemsMax, 'more problem');
  return [{ place: first.place, message: `${count} from here on: fix those above first` }];
}

class TooMuch extends Error {
  readonly place: Place;

  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

function nameOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** A message of the parser in one line, without what it quotes of the file, which may be a secret. */
function said({ code, message }: { readonly code: string; readonly message: string }): string {
  const [first = ''] = message.split('\n');
  return syntaxMessages[code] ?? `not valid YAML: ${first.replace(/:? *(?:"|\\|&|!).*$/, '')}`;
}
