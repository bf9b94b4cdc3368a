import { type EventStore } from '@countersign/event-store';
import { type Clock, messageOf, SystemClock } from '@countersign/kernel';
import { BusSigner, CommandClient, connectBus, EventOffers } from '@countersign/messaging';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import pg from 'pg';

import type { Config } from './config.js';
import { DirectoryReader } from './directory/directory-reader.js';
import { createLog, type Log } from './log.js';
import { openEventStore } from './open-event-store.js';
import { PostgresCheckpoints } from './postgres-checkpoints.js';
import { PostgresLeadership } from './postgres-leadership.js';

/** What a process shares between the services that it hosts. Opened once, closed last. */
export interface Platform {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly bus: NatsConnection;
  readonly signer: BusSigner;
  readonly commands: CommandClient;
  readonly offers: EventOffers;
  readonly leadership: PostgresLeadership;
  readonly checkpoints: PostgresCheckpoints;
  readonly directory: DirectoryReader;
  close(): Promise<void>;
}

/** Connects to the servers that the configuration names. */
export async function openPlatform(
  config: Config,
  clock: Clock = new SystemClock(),
): Promise<Platform> {
  const log = createLog(config);
  const signer = new BusSigner(config.COUNTERSIGN_BUS_KEY);
  const pool = new pg.Pool({
    connectionString: config.DATABASE_URL,
    max: 8,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    application_name: 'countersign',
  });
  pool.on('error', (error) => {
    log.warn({ reason: error.message }, 'lost a database connection');
  });
  const bus = await openBus(config);
  const store = await openEventStore(config, bus, log);
  const checkpoints = await PostgresCheckpoints.open(pool);
  const directory = await DirectoryReader.open(store, log);
  const leadership = new PostgresLeadership(config.DATABASE_URL, log);
  return {
    config,
    log,
    clock,
    pool,
    store,
    bus,
    signer,
    commands: new CommandClient(bus, signer, clock),
    offers: new EventOffers(bus, signer, log),
    leadership,
    checkpoints,
    directory,
    close: async () => {
      await directory.close();
      await store.close();
      await leadership.close();
      await bus.close();
      await pool.end();
    },
  };
}

/** @throws Error one sentence that names the server, not the credentials. */
async function openBus(config: Config): Promise<NatsConnection> {
  const place = config.NATS_URL.replace(/^.*@/, '').replace(/^nats:\/\//, '');
  const bus = await connectBus(config.NATS_URL, 'countersign').catch((error: unknown) => {
    throw new Error(`NATS at ${place} does not let us in: ${messageOf(error)}`, { cause: error });
  });
  try {
    await jetstreamManager(bus);
  } catch (error) {
    await bus.close();
    const reason = 'the credentials in NATS_URL must be allowed everything, and JetStream be on';
    throw new Error(`NATS at ${place} has no JetStream for us: ${reason}`, { cause: error });
  }
  return bus;
}
