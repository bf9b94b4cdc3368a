import type { MessagingLog } from '@countersign/messaging';
import { pino } from 'pino';

import type { Config } from './config.js';

/** The product's logger, as a token. */
export abstract class Log implements MessagingLog {
  abstract error(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract debug(fields: object, message: string): void;
}

/** JSON lines on standard output. */
export function createLog(config: Pick<Config, 'LOG_LEVEL'>): Log {
  return pino({
    level: config.LOG_LEVEL,
    serializers: { error: pino.stdSerializers.err },
    redact: ['token', 'authorization', 'headers.authorization', '*.password', '*.token'],
  });
}
