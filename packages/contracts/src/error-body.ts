import { z } from 'zod';
import { errorCodes, errors } from './error-code.ts';

/** One thing wrong with a request: where, and what. */
export const problem = z.object({
  place: z.string().meta({ description: 'Field, e.g. sync[3].backup_name.' }),
  message: z.string(),
});
export type Problem = z.infer<typeof problem> & {
  /** The item of a list that is meant, as the client that was given the list tells. Not sent by a service. */
  readonly item?: ListedItem;
};

/** An item by its place in a list and by its backup; null if it names none. */
export type ListedItem = { readonly index: number; readonly backup_id: string | null };

/** What a client makes itself is never sent. */
const sentNumbers = errorCodes
  .map((code) => errors[code].number)
  .filter((number) => !number.startsWith('BackupSync.19'));

/** Body of every refusal, in CBR's form. */
export const errorBody = z
  .object({
    error_code: z.string().meta({ examples: ['BackupSync.1001'], enum: sentNumbers }),
    error_msg: z.string(),
    message: z.string().meta({ description: 'The same as error_msg, under the name that clients of OpenStack read.' }),
    request_id: z.string(),
    remedy: z.string(),
    problems: z.array(problem).optional(),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBody>;
