import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryFolder, ServerError, spawnServer } from '@countersign/servers';
import type { LauncherSettings } from './settings.js';
import type { LocalSecrets, StateFolder } from './state-folder.js';
import type { Supervisor } from './supervisor.js';

/** Each has a `main.ts` of its own; the gateway is the one that listens on `PORT`. */
const SERVICES = ['template', 'workflow', 'approval', 'projector', 'gateway'] as const;

const READY_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** The servers that the services are to use, with credentials. */
export interface ServerUrls {
  readonly nats: string;
  readonly database: string;
}

/**
 * Starts the services: all in one process, or one process each. Addresses and secrets go by the
 * environment, which only this user can read; a command line can be read by everybody.
 *
 * @returns what the gateway calls itself when it is ready
 */
export async function startServices(
  settings: LauncherSettings,
  folder: StateFolder,
  secrets: LocalSecrets,
  urls: ServerUrls,
  supervisor: Supervisor,
): Promise<string> {
  const instance = randomUUID();
  const programs = settings.separateProcesses
    ? SERVICES.map((name) => ({ name, program: `services/${name}/dist/main.js` }))
    : [{ name: 'services', program: 'infra/local/dist/services-main.js' }];
  for (const { name, program } of programs) {
    const server = await spawnServer({
      name: name === 'services' ? 'The services process' : `The ${name} service`,
      command: process.execPath,
      args: [join(repositoryFolder, program)],
      cwd: repositoryFolder,
      env: {
        ...inherited(),
        NATS_URL: urls.nats,
        DATABASE_URL: urls.database,
        PORT: String(settings.httpPort),
        COUNTERSIGN_BUS_KEY: secrets.busKey,
        COUNTERSIGN_STATE: folder.path,
        COUNTERSIGN_INSTANCE: instance,
      },
      logFile: join(folder.logs, `${name}.log`),
    });
    supervisor.adopt('services', name, server);
  }
  return instance;
}

/**
 * Waits until the system says that it is ready, or `signal` ends the waiting. Something else may have taken the port
 * meanwhile, and answer as well.
 *
 * @param instance what `startServices` calls it
 * @throws ServerError when it does not within two minutes.
 */
export async function waitUntilReady(
  baseUrl: string,
  instance: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let last = 'nothing answers';
  while (Date.now() < deadline && !signal.aborted) {
    try {
      const response = await fetch(`${baseUrl}/health/ready`, {
        signal: AbortSignal.timeout(5_000),
      });
      const body = await response.text();
      if (response.status === 200 && isReady(body, instance)) return;
      last =
        response.status === 200
          ? `something else answers at ${baseUrl}`
          : `it answers ${response.status} ${body.slice(0, 300)}`;
    } catch {
      // Not listening yet; a process that ended is noticed by its supervisor.
    }
    await sleep(LOOK_EVERY_MS);
  }
  if (signal.aborted) return;
  throw new ServerError(
    `The services are not ready after ${READY_WITHIN_MS / 1000} s: ${last.replaceAll('\n', ' ')}`,
  );
}

function isReady(body: string, instance: string): boolean {
  try {
    return (JSON.parse(body) as { instance?: unknown } | null)?.instance === instance;
  } catch {
    return false;
  }
}

function inherited(): Record<string, string> {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] != null));
}
