import { STATUS_CODES } from 'node:http';
import { errors } from '@backup-sync/contracts';
import type { ErrorRequestHandler } from 'express';
import { beginRefusal, errorBodyOf, refusalOf } from './refusal.ts';
import { requestIdOf } from './request-scope.ts';

/** Refuses in the form of Keystone, whose clients read `error.message`. The fields of CBR refusals are included. */
export const keystoneRefusal: ErrorRequestHandler = (thrown, _request, response, next) => {
  const { error, unexpected } = refusalOf(thrown);
  if (unexpected) return next(thrown);
  const code = errors[error.code].httpStatus;
  beginRefusal(error, response).json({
    error: { code, message: error.message, title: STATUS_CODES[code] },
    ...errorBodyOf(error, requestIdOf(response)),
  });
};
