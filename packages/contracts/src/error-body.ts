import { z } from 'zod';
import { errorCodes, errors } from './error-code.ts';

/** One problem of a request: its place and what is wrong. */
export const problem = z.object({
  place: z.string().meta({ description: 'Field, e.g. sync[3].backup_name.' }),
  message: z.string().meta({ description: 'What is wrong there.' }),
});
export type Problem = z.infer<typeof problem> & {
  /** The item of a list with the problem. The client that was given the list adds it; a service never sends it. */
  readonly item?: ListedItem;
};

/** An item of a list: its index, and its backup, which is null if the item names none. */
export type ListedItem = { readonly index: number; readonly backup_id: string | null };

/** Without the errors that a client raises itself: a server never sends them. */
const sentNumbers = errorCodes
  .map((code) => errors[code].number)
  .filter((number) => !number.startsWith('BackupSync.19'));

export const errorBody = z
  .object({
    error_code: z
      .string()
      .meta({ description: 'Permanent number of the error.', examples: ['BackupSync.1001'], enum: sentNumbers }),
    error_msg: z.string().meta({ description: 'What happened, with the value and its place.' }),
    message: z.string().meta({ description: 'The same as error_msg, under the name that OpenStack clients read.' }),
    request_id: z.string().meta({ description: 'Id of the request, as in the header X-Request-Id.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
    problems: z
      .array(problem)
      .optional()
      .meta({ description: 'Each problem of an invalid request; left out for other errors.' }),
  })
  .meta({ id: 'Error', description: 'Body of every error answer, in the form of CBR.' });
export type ErrorBody = z.infer<typeof errorBody>;
