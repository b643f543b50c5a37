import { type Logger, LogLevel } from '@huaweicloud/huaweicloud-sdk-core/logger/index.js';

const nothing = () => {};

/** The official SDK writes every request to the console unless it is given a logger. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
};
