import { resolve } from 'node:path';
import { ServerError } from '@countersign/servers';

/** What `npm start` was asked for, read from the environment and the command line once. */
export interface LauncherSettings {
  /** State folder, absolute (`COUNTERSIGN_DATA`, default `.data`). */
  readonly stateFolder: string;
  readonly httpPort: number;
  readonly natsPort: number;
  readonly postgresPort: number;
  /** Set when a NATS server that already runs is to be used (`NATS_URL`). */
  readonly natsUrl: string | undefined;
  /** Set when a Postgres server that already runs is to be used (`DATABASE_URL`). */
  readonly databaseUrl: string | undefined;
  /** One process for each service instead of one for all (`--processes`). */
  readonly separateProcesses: boolean;
}

/**
 * Reads and checks the settings. A variable that is set but empty counts as not set.
 *
 * @throws ServerError with one sentence naming the wrong value.
 */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): LauncherSettings {
  const unknown = args.find((argument) => argument !== '--processes');
  if (unknown !== undefined) {
    throw new ServerError(`Unknown option ${unknown}; the only one is --processes.`);
  }
  const settings = {
    stateFolder: resolve(env['COUNTERSIGN_DATA'] || '.data'),
    httpPort: port(env, 'PORT', 8080),
    natsPort: port(env, 'NATS_PORT', 4222),
    postgresPort: port(env, 'POSTGRES_PORT', 5432),
    natsUrl: env['NATS_URL'] || undefined,
    databaseUrl: env['DATABASE_URL'] || undefined,
    separateProcesses: args.includes('--processes'),
  };
  const own = portsToOpen(settings);
  const [twice] = own.filter((entry, at) => own.findIndex((it) => it.port === entry.port) < at);
  if (twice !== undefined) {
    throw new ServerError(`${twice.variable} names port ${twice.port}, which another server gets.`);
  }
  return settings;
}

/** The ports that we are going to listen on, with the variable that sets each. */
export function portsToOpen(
  settings: LauncherSettings,
): { readonly port: number; readonly variable: string }[] {
  return [
    { port: settings.httpPort, variable: 'PORT' },
    ...(settings.natsUrl === undefined ? [{ port: settings.natsPort, variable: 'NATS_PORT' }] : []),
    ...(settings.databaseUrl === undefined
      ? [{ port: settings.postgresPort, variable: 'POSTGRES_PORT' }]
      : []),
  ];
}

function port(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
  fallback: number,
): number {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 65_535) {
    throw new ServerError(`${variable} is "${text}" and must be a port between 1 and 65535.`);
  }
  return value;
}
