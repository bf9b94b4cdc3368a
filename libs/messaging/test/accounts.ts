import {
  exitWithParent,
  findNatsServer,
  freePort,
  natsConfig,
  repositoryFolder,
  spawnServer,
} from '@countersign/servers';
import { eventually } from '@countersign/testing';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type User = 'countersign' | 'subscriber' | 'upstream';

/** A NATS server with the accounts of one of our configurations. */
export interface AccountsServer {
  /** Locally `upstream` is whoever has no credentials. */
  connect(user: User): Promise<NatsConnection>;
  stop(): Promise<void>;
}

const PASSWORDS = {
  NATS_SERVICES_PASSWORD: 'services-for-tests',
  NATS_SUBSCRIBER_PASSWORD: 'subscriber-for-tests',
  NATS_UPSTREAM_PASSWORD: 'upstream-for-tests',
};
const services = {
  user: 'countersign',
  pass: PASSWORDS.NATS_SERVICES_PASSWORD,
  inboxPrefix: '_INBOX_SERVICES',
};

/** As `npm start` sets it up; or with accounts only, in which everybody has all permissions. */
export function localAccounts({ permissions = true } = {}): Promise<AccountsServer> {
  const credentials = {
    countersign: services,
    subscriber: { user: 'subscriber', pass: 'subscriber' },
    upstream: {},
  };
  return start(credentials, (port, storeDir) => {
    const servicesPassword = PASSWORDS.NATS_SERVICES_PASSWORD;
    const text = natsConfig({ port, storeDir, servicesPassword, anonymousPassword: 'unused' });
    if (permissions) return text;
    const without = (key: string, value: unknown) => (key === 'permissions' ? undefined : value);
    return JSON.stringify(JSON.parse(text), without);
  });
}

/** As docker-compose.yml sets it up. */
export async function productionAccounts(): Promise<AccountsServer> {
  const file = join(repositoryFolder, 'infra/nats/nats.conf');
  const text = await readFile(file, 'utf8');
  const credentials = {
    countersign: services,
    subscriber: { user: 'subscriber', pass: PASSWORDS.NATS_SUBSCRIBER_PASSWORD },
    upstream: { user: 'upstream', pass: PASSWORDS.NATS_UPSTREAM_PASSWORD },
  };
  return start(credentials, (port, storeDir) =>
    text
      .replace(/^port: .*$/m, `host: 127.0.0.1\nport: ${port}`)
      .replace(/^http_port: .*$/m, '')
      .replace('"/data"', JSON.stringify(storeDir)),
  );
}

async function start(
  credentials: Record<User, object>,
  configOf: (port: number, storeDir: string) => string,
): Promise<AccountsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-accounts-'));
  const port = await freePort();
  const config = join(folder, 'nats.conf');
  await writeFile(config, configOf(port, join(folder, 'jetstream')));
  const binary = await findNatsServer();
  const [command, ...args] = [...exitWithParent('INT'), binary, '--config', config];
  const server = await spawnServer({
    name: 'NATS',
    command,
    args,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...PASSWORDS },
    logFile: join(folder, 'nats.log'),
  });
  const servers = `127.0.0.1:${port}`;
  await eventually(async () => {
    if (server.hasExited()) throw new Error(server.output());
    const probe = await connect({ servers, ...credentials.countersign });
    await probe.close();
    return true;
  });
  return {
    connect: (user) => connect({ servers, ...credentials[user] }),
    stop: async () => {
      await server.stop([{ signal: 'SIGINT', graceMs: 10_000 }]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
