import type { Meaning } from './sign-meaning.ts';

/** A request as bytes on the wire have it. Header lines stand in their order; a name may come several times. */
export type WireRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
};

/** The words of a route, which the router does not look for under another spelling. */
const word = /^(v\d|[A-Za-z-]+)$/;

/**
 * Writes a request down in one of the many ways that mean the same. Each bit of `choices` decides one oddity: what is
 * percent-encoded and in which case, where pairs of the query stand, whether a value that is empty has its "=", how
 * names of headers are written and how much space there is around their values.
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
        // Node sends the characters of a value as bytes.
        values.map((value) => [odd(name), `${space}${Buffer.from(value).toString('latin1')}${space}`] as const),
      ),
    ],
    body: meaning.body,
  };

  /** As in a form, where a blank may be a plus sign. */
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
