import type { Meaning } from './sign-meaning.ts';

/** A request as it is on the wire. Header lines are in their order; a name may occur several times. */
export type WireRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
};

/** The words of a route. The router does not recognise them in another encoding. */
const word = /^(v\d|[A-Za-z-]+)$/;

/**
 * Encodes a request in one of many ways with the same meaning. Each bit of `choices` decides one detail: what is
 * percent-encoded and in which case, the order of the query's pairs, whether an empty value has its "=", the case of
 * header names, and the space around header values.
 */
export function spellRequest(meaning: Meaning, choices: number): WireRequest {
  const isChosen = (index: number) => ((choices >> (index % 31)) & 1) === 1;
  const path = meaning.segments
    .map((text, index) => (word.test(text) ? text : spell(text, /[\w.~!$&'()*+,;=:@-]/, choices + index)))
    .join('/');
  const pairs = meaning.query.map(([name, value], index) => {
    const spelledName = spellForm(name, /[\w.~!$'()*,;:@/?-]/, choices + index);
    const needsNoSign = value === '' && name !== '' && isChosen(index);
    return needsNoSign ? spelledName : `${spelledName}=${spellForm(value, /[\w.~!$'()*,;:@/?=-]/, choices + index)}`;
  });
  const query = (isChosen(0) ? pairs.toReversed() : pairs).join(isChosen(1) ? '&&' : '&');
  const space = isChosen(2) ? '  ' : '';
  const odd = (name: string) => (isChosen(3) ? name.toUpperCase() : name);
  return {
    method: meaning.method,
    path: `/${path}${query === '' ? (isChosen(4) ? '?' : '') : `?${query}`}`,
    headers: [
      [odd('host'), meaning.host],
      [odd('x-sdk-date'), `${space}${meaning.date}${space}`],
      ...meaning.headers.flatMap(([name, values]) =>
        // Node sends each character of a value as a byte.
        values.map((value) => [odd(name), `${space}${Buffer.from(value).toString('latin1')}${space}`] as const),
      ),
    ],
    body: meaning.body,
  };

  /** As in a form, in which a space may be a plus sign. */
  function spellForm(text: string, plain: RegExp, seed: number): string {
    const spelled = spell(text, plain, seed);
    return isChosen(5) ? spelled.replaceAll('%20', '+') : spelled;
  }
}

function spell(text: string, plain: RegExp, seed: number): string {
  return Array.from(Buffer.from(text), (byte, index) => {
    const choice = (seed >> (index % 29)) & 3;
    const character = String.fromCharCode(byte);
    if (choice !== 0 && byte < 0x80 && plain.test(character)) return character;
    const digits = byte.toString(16).padStart(2, '0');
    return `%${choice === 1 ? digits : digits.toUpperCase()}`;
  }).join('');
}
