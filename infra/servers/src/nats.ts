import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNatsServer } from './find-nats-server.js';
import { natsConfig, SERVICES_USER, SUBSCRIBER } from './nats-config.js';
import { probeJetStream } from './nats-probe.js';
import type { EndStep } from './process-identity.js';
import { ServerError } from './server-error.js';
import { exitWithParent, spawnServer, type ServerProcess } from './server-process.js';

export interface NatsOptions {
  /** Loopback port. */
  readonly port: number;
  /** Where JetStream keeps its streams. Configuration and log lie beside it. */
  readonly storeDir: string;
  /** Password of the user `countersign`, which may do everything. */
  readonly servicesPassword: string;
  /** Told what is being done when it takes longer, such as fetching the server. */
  readonly log?: (line: string) => void;
  /** Where the server's own log goes; default: the store's name with `.log` behind it. */
  readonly logFile?: string;
  /** End the server when this process dies (Linux only); for tests, which nobody cleans up after. */
  readonly exitWithParent?: boolean;
  /** Called as soon as the process exists, before it is ready. */
  readonly onSpawn?: (server: ServerProcess) => void;
}

/** A NATS server with JetStream that answers requests. */
export interface RunningNats {
  /** With the credentials of the services' user: keep it out of logs and command lines. */
  readonly url: string;
  /** For everyone else on this machine: may publish `trades.>`, and subscribe `evt.>` and inboxes. */
  readonly anonymousUrl: string;
  /** For whoever follows events: may use its own durable consumers besides. */
  readonly subscriberUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly process: ServerProcess;
  /** Shuts down cleanly; returns when the server is gone. */
  stop(): Promise<void>;
}

const STOP: readonly EndStep[] = [
  { signal: 'SIGINT', graceMs: 10_000 },
  { signal: 'SIGKILL', graceMs: 2_000 },
];
const READY_WITHIN_MS = 60_000;

/**
 * Starts a NATS server with JetStream on loopback and returns when JetStream answers.
 *
 * @throws ServerError when there is no server program, or it cannot start or is not ready in time.
 */
export async function startNats(options: NatsOptions): Promise<RunningNats> {
  const { port, servicesPassword } = options;
  const storeDir = resolve(options.storeDir);
  const binary = await findNatsServer(options.log);
  mkdirSync(storeDir, { recursive: true, mode: 0o700 });
  const configFile = `${storeDir}.conf`;
  const anonymousPassword = randomBytes(16).toString('hex');
  const config = natsConfig({ port, storeDir, servicesPassword, anonymousPassword });
  writeFileSync(configFile, config, { mode: 0o600 });
  // The mode above counts for a new file only.
  chmodSync(configFile, 0o600);
  const [command = binary, ...args] = [
    ...(options.exitWithParent === true ? exitWithParent('INT') : []),
    binary,
    ...['--config', configFile],
  ];
  const server = await spawnServer({
    name: 'NATS',
    command,
    args,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    logFile: options.logFile ?? `${storeDir}.log`,
  });
  options.onSpawn?.(server);
  try {
    await waitUntilReady(server, port, servicesPassword);
  } catch (error) {
    await server.stop(STOP);
    throw error;
  }
  return {
    url: `nats://${SERVICES_USER}:${encodeURIComponent(servicesPassword)}@127.0.0.1:${port}`,
    anonymousUrl: `nats://127.0.0.1:${port}`,
    subscriberUrl: `nats://${SUBSCRIBER.user}:${SUBSCRIBER.password}@127.0.0.1:${port}`,
    port,
    pid: server.pid,
    process: server,
    stop: () => server.stop(STOP),
  };
}

async function waitUntilReady(server: ServerProcess, port: number, password: string) {
  const deadline = Date.now() + READY_WITHIN_MS;
  let failure: string | undefined;
  while (Date.now() < deadline) {
    if (server.hasExited()) throw new ServerError(`NATS did not start: ${lastFailure(server)}`);
    failure = await probeJetStream(port, SERVICES_USER, password);
    if (failure === undefined) return;
    await sleep(20);
  }
  throw new ServerError(
    `NATS is not ready after ${READY_WITHIN_MS / 1000} s: ${failure ?? 'no answer'}.`,
  );
}

function lastFailure(server: ServerProcess): string {
  const lines = server.output().trim().split('\n');
  const failure = lines.findLast((line) => /\[(FTL|ERR)\]/.test(line)) ?? lines.at(-1) ?? '';
  return failure.replace(/^.*?\[(FTL|ERR)\]\s*/, '') || 'it ended without a word.';
}
