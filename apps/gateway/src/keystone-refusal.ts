import { STATUS_CODES } from 'node:http';
import { errors } from '@backup-sync/contracts';
import type { ErrorRequestHandler } from 'express';
import { publicAddress } from './public-address.ts';
import { errorBodyOf, refusalHeaders, refusalOf } from './refusal.ts';
import { requestIdOf } from './request-scope.ts';

/** OpenStack clients read `error.message`; the fields of CBR stand beside it. */
export function keystoneRefusal(publicUrl: string | undefined): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (thrown, request, response, next) => {
    const { error, unexpected } = refusalOf(thrown);
    if (unexpected) return next(thrown);
    const code = errors[error.code].httpStatus;
    if (code === 401) {
      response.setHeader('WWW-Authenticate', `Keystone uri="${publicAddress(publicUrl, request)}/v3"`);
    }
    response
      .status(code)
      .set(refusalHeaders(error))
      .json({
        error: { code, message: error.message, title: STATUS_CODES[code] },
        ...errorBodyOf(error, requestIdOf(response)),
      });
  };
}
