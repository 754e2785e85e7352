/** The log of a server that runs without a terminal. */
import { pino } from 'pino';
import type { Log } from '../server/log.js';
import type { Output } from './io.js';

/** One JSON line an event. */
export function createJsonLog(stream: Output): Log {
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, error, fields) => logger.error({ ...fields, err: error }, event),
  };
}
