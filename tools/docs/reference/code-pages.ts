import { errorCodes, errors, type ReasonRetry, reasons } from '../../../packages/contracts/src/index.ts';
import { generatedPage, sentence, table } from './markdown.ts';

const whoRetries: Readonly<Record<ReasonRetry, string>> = {
  self: 'the server, until it succeeds or its time for retries is over',
  later: 'you: the operation has ended, and a later sync may succeed',
  final: 'nobody: fix the cause first',
};

/** Why an item did not succeed. */
export function reasonsPage(): string {
  const byNumber = Object.entries(reasons).sort(([, one], [, other]) => (one.number < other.number ? -1 : 1));
  const rows = byNumber.map(([code, { number, summary, retry, remedy }]) => [
    `[\`${code}\`](../troubleshooting/reasons.md#${code})`,
    number,
    sentence(summary),
    `\`${retry}\``,
    remedy,
  ]);
  return generatedPage('Reason codes', [
    'A reason says why an item of a sync, or a whole operation, did not succeed. It is in the operation and in the record of the backup. Codes and numbers never change.',
    '`retry` says who tries again:',
    table(
      ['retry', 'who tries again'],
      Object.entries(whoRetries).map(([retry, who]) => [`\`${retry}\``, who]),
    ),
    table(['code', 'number', 'what happened', 'retry', 'what to do'], rows),
  ]);
}

/** Why a call was refused. */
export function errorsPage(): string {
  const byNumber = errorCodes.toSorted((one, other) => (errors[one].number < errors[other].number ? -1 : 1));
  const rows = byNumber.map((code) => {
    const { number, httpStatus, retryable, exitCode, remedy } = errors[code];
    const status = String(httpStatus);
    return [
      `[\`${code}\`](../troubleshooting/errors.md#${code})`,
      number,
      status,
      retryable ? 'yes' : 'no',
      String(exitCode),
      remedy,
    ];
  });
  return generatedPage('Error codes', [
    'An error says why a call was refused. With a status below 500, nothing of the call was done. REST answers with the HTTP status and a body that has `error_code` (the number), `message` and `remedy`. A command exits with the exit code. Codes and numbers never change.',
    '"Repeat" says whether the same call may succeed later with nothing changed.',
    table(['code', 'number', 'HTTP status', 'repeat', 'exit code', 'what to do'], rows),
  ]);
}
