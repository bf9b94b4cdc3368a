import { z } from 'zod';

/** Environment that every service understands. Durations in milliseconds. */
const Environment = z.object({
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** HTTP port of the gateway. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Told to whoever asks whether the gateway is ready: by it, who started the gateway knows that it is this one. */
  COUNTERSIGN_INSTANCE: z.string().max(100).optional(),
  /** Interface that the gateway listens on. */
  HOST: z.string().default('127.0.0.1'),
  /** `nats://user:password@host:port` */
  NATS_URL: z.string().min(1),
  /** `postgresql://user:password@host:port/database`: read tables, checkpoints and, by default, events. */
  DATABASE_URL: z.string().min(1),
  EVENT_STORE: z.enum(['postgres', 'kurrentdb']).default('postgres'),
  /** `esdb://host:port?tls=false`; needed when EVENT_STORE is kurrentdb. */
  KURRENTDB_URL: z.string().optional(),
  /** Key under which services vouch for each other on the bus: at least 32 bytes of hex. */
  COUNTERSIGN_BUS_KEY: z.string().regex(/^[0-9a-f]{64,}$/i, 'at least 64 hex digits'),
  /** JSON file of people, groups and roles: `Directory` of the state machine library. */
  COUNTERSIGN_DIRECTORY: z.string().min(1).optional(),
});
export type Config = z.infer<typeof Environment>;

/**
 * Reads the configuration.
 *
 * @throws Error one sentence naming every variable that is missing or wrong, never its value.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const result = Environment.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}`,
    );
    throw new Error(`Configuration: ${problems.join('; ')}`);
  }
  if (result.data.EVENT_STORE === 'kurrentdb' && !result.data.KURRENTDB_URL) {
    throw new Error('Configuration: KURRENTDB_URL is needed when EVENT_STORE is kurrentdb');
  }
  return result.data;
}

export const isProduction = (config: Pick<Config, 'NODE_ENV'>): boolean =>
  config.NODE_ENV === 'production';
