import { accessErrors } from './errors/access-errors.ts';
import { clientErrors } from './errors/client-errors.ts';
import { hookErrors } from './errors/hook-errors.ts';
import { identityErrors } from './errors/identity-errors.ts';
import { recordErrors } from './errors/record-errors.ts';
import { requestErrors } from './errors/request-errors.ts';
import { serverErrors } from './errors/server-errors.ts';

/** Why a call was refused: the closed list, by code. Each code belongs to one family. */
export const errors = {
  ...requestErrors,
  ...accessErrors,
  ...recordErrors,
  ...identityErrors,
  ...hookErrors,
  ...serverErrors,
  ...clientErrors,
};

export type ErrorCode = keyof typeof errors;
export const errorCodes = Object.keys(errors) as [ErrorCode, ...ErrorCode[]];

/** The code with this permanent number; undefined if there is none. */
export function errorCodeOf(number: string): ErrorCode | undefined {
  return errorCodes.find((code) => errors[code].number === number);
}
