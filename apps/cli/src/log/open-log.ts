import { type Log, type LogEventName, type LogLevel, logEvents, type OnFault } from '@backup-sync/engine/log-events';
import { pino, stdTimeFunctions } from 'pino';
import { faultText } from '../fault-text.ts';
import { BoundedOutput, type WaitingStream } from './bounded-output.ts';
import { EventLimit } from './event-limit.ts';
import { jsonLine, type LogFormat, textLine } from './log-lines.ts';

export type LogSettings = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Whether standard error is a stream of the systemd journal. */
  readonly isForJournal: boolean;
};

/** The log of a process that stays. Disposing writes what is known about entries that were left out. */
export type ProcessLog = Disposable & {
  readonly log: Log;
  /** Writes faults to the log. */
  readonly onFault: OnFault;
  /** Changes the level while the process runs. */
  readonly setLevel: (level: LogLevel) => void;
};

/** Opens the log on standard error. */
export function openLog(stream: WaitingStream, { level, format, isForJournal }: LogSettings): ProcessLog {
  const output = new BoundedOutput(stream);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: format === 'json' ? jsonLine : (line) => textLine(line, isForJournal) },
    },
    output,
  );
  const put = (event: LogEventName, message: string, values: object) => {
    logger[logEvents[event].level]({ event, ...withoutEmpty(values) }, message);
  };
  const limit = new EventLimit(({ event, error }, count) => {
    const left = error === null ? event : `${event} with the error ${error}`;
    put('log.left_out', `${count} more entries of ${left} were left out`, { left_out: event, error, count });
  });
  const log: Log = (event, message, values) => {
    const described = logEvents[event];
    if (!logger.isLevelEnabled(described.level)) return;
    const lost = output.takeLost();
    if (lost > 0) put('log.lost', `${lost} entries were lost: nobody read standard error fast enough`, { count: lost });
    if ('limitedBy' in described) {
      const error = described.limitedBy === 'error' && 'error' in values ? String(values.error) : null;
      if (!limit.take({ event, error })) return;
    }
    put(event, message, values);
  };
  return {
    log,
    onFault: (place, error, about = {}) => {
      const [first = '', ...rest] = faultText(error).split('\n');
      const stack = rest.length === 0 ? null : [first, ...rest].join('\n');
      log('fault', `fault at ${place}: ${first}`, { ...about, place, stack });
    },
    setLevel: (next) => {
      logger.level = next;
    },
    [Symbol.dispose]: () => limit[Symbol.dispose](),
  };
}

function withoutEmpty(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}
