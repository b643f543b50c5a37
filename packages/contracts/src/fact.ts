import { z } from 'zod';
import { wireTime } from './fields.ts';

/** What reading a backup has shown, although no level says it: sentences without a period. Codes are permanent. */
const facts = {
  objects_match_names: 'every stored object that the backup may need was read, and has the SHA-256 that its name says',
} as const satisfies Record<string, string>;

export type FactCode = keyof typeof facts;
const factCodes = Object.keys(facts) as [FactCode, ...FactCode[]];

export const fact = z
  .object({
    // Not an enumeration: servers of later releases have more.
    code: z.string().meta({ description: `Code of the fact: ${factCodes.join(', ')}. Later releases may have more.` }),
    message: z.string().meta({ description: 'What was shown.' }),
    at: wireTime.meta({ description: 'When it was shown. Objects that were stored later are not part of it.' }),
  })
  .meta({ id: 'Fact', description: 'What reading a backup has shown, although no level says it.' });
export type Fact = z.infer<typeof fact>;

/** Builds the shown form of a fact. `at` is a time of the wire. */
export function describeFact(code: FactCode, at: string): Fact {
  return { code, message: facts[code], at };
}

/** What a fact says: a sentence without a period. */
export function textOfFact(code: FactCode): string {
  return facts[code];
}
