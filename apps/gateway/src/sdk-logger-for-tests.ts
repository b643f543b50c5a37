import { type Logger, LogLevel } from '@huaweicloud/huaweicloud-sdk-core/logger/index.js';

const nothing = () => {};

/** A logger that writes nothing. Without a logger, the official SDK writes every request to the console. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
};
