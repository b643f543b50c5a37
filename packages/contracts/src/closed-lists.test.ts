import { expect, test } from 'vitest';
import { errorCodeOf, errorCodes, errors } from './error-code.ts';
import { accessErrors } from './errors/access-errors.ts';
import { clientErrors } from './errors/client-errors.ts';
import { hookErrors } from './errors/hook-errors.ts';
import { identityErrors } from './errors/identity-errors.ts';
import { recordErrors } from './errors/record-errors.ts';
import { requestErrors } from './errors/request-errors.ts';
import { serverErrors } from './errors/server-errors.ts';
import { reasonCodes, reasons } from './reason-code.ts';

test('every error and reason has its own number, in one form', () => {
  const numbers = [
    ...errorCodes.map((code) => errors[code].number),
    ...reasonCodes.map((code) => reasons[code].number),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const number of numbers) expect(number).toMatch(/^BackupSync\.\d{4}$/);
});

test('no error code is in two families', () => {
  const families = [requestErrors, accessErrors, recordErrors, identityErrors, hookErrors, serverErrors, clientErrors];
  expect(families.flatMap((family) => Object.keys(family)).toSorted()).toEqual(errorCodes.toSorted());
});

test('an error is found by its number', () => {
  for (const code of errorCodes) expect(errorCodeOf(errors[code].number)).toBe(code);
  expect(errorCodeOf('BackupService.0001')).toBeUndefined();
});
