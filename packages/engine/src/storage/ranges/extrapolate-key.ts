/** Characters that usually occur together at a place of a key, the most specific first, each in ascending order. */
const alphabets: readonly { readonly characters: readonly number[]; readonly has: RegExp }[] = [
  { characters: codesOf('0123456789'), has: /^[0-9]*$/ },
  { characters: codesOf('0123456789abcdef'), has: /^[0-9a-f]*$/ },
  { characters: codesOf('0123456789ABCDEF'), has: /^[0-9A-F]*$/ },
  { characters: codesOf('0123456789abcdefghijklmnopqrstuvwxyz'), has: /^[0-9a-z]*$/ },
  { characters: codesOf('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'), has: /^[0-9A-Za-z]*$/ },
];
const wordCharacter = /[0-9A-Za-z]/;

/** Places before the first difference that may change too, as in a carry. */
const carryPlaces = 4;
/** Beyond this number of values, more places would only add digits that a number cannot hold. */
const valuesMax = 2 ** 45;

/**
 * Guesses a key that is `factor` times as far after `to` as `to` is after `from`, as if the keys were numbers whose
 * digits are the characters. Returns null if such a key would not begin as `to` does: the two are too close together.
 *
 * The result sorts after `to`, begins with the first `fixedUnits` code units of `to`, and need not exist.
 */
export function extrapolateKey(from: string, to: string, factor: number, fixedUnits: number): string | null {
  let same = 0;
  while (same < to.length && from.charCodeAt(same) === to.charCodeAt(same)) same += 1;
  const start = Math.max(fixedUnits, same - carryPlaces);
  // A pair of surrogates is one character: it must not be cut.
  if (isLowSurrogate(to.charCodeAt(start))) return null;
  const head = to.slice(0, start);
  const [fromCodes, toCodes] = [codesOf(from.slice(start)), codesOf(to.slice(start))];
  const places: (readonly number[])[] = [];
  let values = 1;
  for (let place = 0; values < valuesMax && place < Math.max(fromCodes.length, toCodes.length); place += 1) {
    const characters = charactersAt(place, fromCodes, toCodes);
    places.push(characters);
    values *= characters.length + 1;
  }
  const [low, high] = [numberOf(fromCodes, places), numberOf(toCodes, places)];
  const value = Math.floor(high + Math.max(1, factor * (high - low)));
  if (high <= low || value >= values) return null;
  return head + textOf(value, places);
}

/** Characters to count with at a place: those of the word around it, or the two that were seen there. */
function charactersAt(place: number, one: readonly number[], other: readonly number[]): readonly number[] {
  const words = wordAt(place, one) + wordAt(place, other);
  const known = words === '' ? undefined : alphabets.find(({ has }) => has.test(words));
  const seen = [one[place], other[place]].filter((code) => code !== undefined);
  const all = new Set([...(known?.characters ?? []), ...seen]);
  return [...all].sort((first, second) => first - second);
}

function wordAt(place: number, codes: readonly number[]): string {
  const isInWord = (at: number) => {
    const code = codes[at];
    return code !== undefined && wordCharacter.test(String.fromCodePoint(code));
  };
  if (!isInWord(place)) return '';
  let [begin, end] = [place, place];
  while (isInWord(begin - 1)) begin -= 1;
  while (isInWord(end)) end += 1;
  return String.fromCodePoint(...codes.slice(begin, end));
}

/** The number that the characters make. A key that has ended has the digit 0, which sorts before all others. */
function numberOf(codes: readonly number[], places: readonly (readonly number[])[]): number {
  return places.reduce((value, characters, place) => {
    const code = codes[place];
    const digit = code === undefined ? 0 : characters.indexOf(code) + 1;
    return value * (characters.length + 1) + digit;
  }, 0);
}

function textOf(value: number, places: readonly (readonly number[])[]): string {
  const codes: number[] = [];
  let left = value;
  for (const characters of places.toReversed()) {
    const digit = left % (characters.length + 1);
    left = Math.floor(left / (characters.length + 1));
    const code = characters[digit - 1];
    // Nothing can follow the end of a key.
    if (code === undefined) codes.length = 0;
    else codes.unshift(code);
  }
  return String.fromCodePoint(...codes);
}

function codesOf(text: string): readonly number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
