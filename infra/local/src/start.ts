import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { portProblem, ServerError, startNats, startPostgres } from '@countersign/servers';
import { checkReachable } from './external-server.js';
import { startServices, waitUntilReady, type ServerUrls } from './services.js';
import { portsToOpen, type LauncherSettings } from './settings.js';
import { readSecrets, type LocalSecrets, type StateFolder } from './state-folder.js';
import type { Supervisor } from './supervisor.js';

/**
 * Starts everything of one local system in order and returns its base address when it is ready.
 * What is started is handed to `supervisor` at once, so that it can be stopped at any point.
 *
 * @throws ServerError when a port is taken or a server cannot be found or started.
 */
export async function start(
  settings: LauncherSettings,
  folder: StateFolder,
  supervisor: Supervisor,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const isFirst = !existsSync(join(folder.path, 'secrets.json'));
  // A later start takes a few seconds and need not tell what it does.
  const narrate = isFirst ? print : () => undefined;
  for (const { port, variable } of portsToOpen(settings)) await checkPort(port, variable);
  await checkEventStore();
  const secrets = readSecrets(folder);
  narrate(`State folder: ${folder.path}`);
  narrate('Starting Postgres and NATS ...');
  const urls = await startServers(settings, folder, secrets, supervisor, print);
  if (signal.aborted) return '';
  narrate('Starting the services ...');
  const instance = await startServices(settings, folder, secrets, urls, supervisor);
  const baseUrl = `http://127.0.0.1:${settings.httpPort}`;
  await waitUntilReady(baseUrl, instance, signal);
  return baseUrl;
}

async function checkPort(port: number, variable: string): Promise<void> {
  const problem = await portProblem(port);
  if (problem === undefined) return;
  throw new ServerError(
    problem === 'taken'
      ? `Port ${port} (${variable}) is already taken by another program; stop that or set ${variable} to a free port.`
      : `Port ${port} (${variable}) may not be used by this user; set ${variable} to one above 1023.`,
  );
}

/** The event store is the services' matter, but a server that is not there is told here at once. */
async function checkEventStore(): Promise<void> {
  if (process.env['EVENT_STORE'] !== 'kurrentdb') return;
  const address = process.env['KURRENTDB_URL'] ?? '';
  // Discovery finds the servers by DNS records and gossip, which is the client's business.
  if (!address.includes('+discover:')) await checkReachable('KURRENTDB_URL', address, 2113);
}

/** Both at once: neither needs the other. When one fails the other is still waited for. */
async function startServers(
  settings: LauncherSettings,
  folder: StateFolder,
  secrets: LocalSecrets,
  supervisor: Supervisor,
  print: (line: string) => void,
): Promise<ServerUrls> {
  const [database, nats] = await Promise.allSettled([
    databaseUrl(settings, folder, supervisor, print),
    natsUrl(settings, folder, secrets, supervisor, print),
  ]);
  if (database.status === 'rejected') throw database.reason;
  if (nats.status === 'rejected') throw nats.reason;
  return { database: database.value, nats: nats.value };
}

async function databaseUrl(
  settings: LauncherSettings,
  folder: StateFolder,
  supervisor: Supervisor,
  print: (line: string) => void,
): Promise<string> {
  if (settings.databaseUrl !== undefined) {
    await checkReachable('DATABASE_URL', settings.databaseUrl, 5432);
    return settings.databaseUrl;
  }
  const { socketUrl } = await startPostgres({
    dataDir: folder.postgres,
    port: settings.postgresPort,
    logFile: join(folder.logs, 'postgres.log'),
    log: print,
    onSpawn: (server) => {
      supervisor.adopt('postgres', 'postgres', server);
    },
  });
  return socketUrl;
}

async function natsUrl(
  settings: LauncherSettings,
  folder: StateFolder,
  secrets: LocalSecrets,
  supervisor: Supervisor,
  print: (line: string) => void,
): Promise<string> {
  if (settings.natsUrl !== undefined) {
    await checkReachable('NATS_URL', settings.natsUrl, 4222);
    return settings.natsUrl;
  }
  const { url } = await startNats({
    port: settings.natsPort,
    storeDir: folder.nats,
    servicesPassword: secrets.natsPassword,
    logFile: join(folder.logs, 'nats.log'),
    log: print,
    onSpawn: (server) => {
      supervisor.adopt('nats', 'nats', server);
    },
  });
  return url;
}
