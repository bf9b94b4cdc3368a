/** What a local NATS server is started with. */
export interface NatsConfig {
  readonly port: number;
  readonly storeDir: string;
  readonly servicesPassword: string;
  /** Never handed out: people without credentials become `anonymous` by themselves. */
  readonly anonymousPassword: string;
}

/** User of the product's own services; may do everything. */
export const SERVICES_USER = 'countersign';

/**
 * The server's configuration file.
 *
 * JSON is valid there, and quotes the values as they need it: an unquoted password of digits and
 * an `e` would be read as a number.
 */
export function natsConfig(config: NatsConfig): string {
  const settings = {
    host: '127.0.0.1',
    port: config.port,
    server_name: 'countersign-local',
    // A trade event may be large; 8 MiB is the most the server recommends.
    max_payload: 8 * 1024 * 1024,
    max_pending: 64 * 1024 * 1024,
    write_deadline: '10s',
    jetstream: {
      store_dir: config.storeDir,
      // The default claims most of the memory and disk that are free at the start.
      max_memory_store: 64 * 1024 * 1024,
      max_file_store: 10 * 1024 * 1024 * 1024,
    },
    // Two accounts, because a permission covers what somebody publishes and not the reply subject that
    // they name: JetStream would answer a trade on it, into its own interface or among the events. As
    // a service of another account the trade's answer comes out where it was asked for.
    accounts: {
      SERVICES: {
        jetstream: 'enabled',
        users: [{ user: SERVICES_USER, password: config.servicesPassword }],
        exports: [{ stream: 'evt.>' }, { service: 'trades.>' }],
      },
      PUBLIC: {
        users: [
          {
            user: 'anonymous',
            password: config.anonymousPassword,
            permissions: {
              publish: { allow: ['trades.>'] },
              subscribe: { allow: ['evt.>', '_INBOX.>'] },
            },
          },
        ],
        imports: [
          { stream: { account: 'SERVICES', subject: 'evt.>' } },
          { service: { account: 'SERVICES', subject: 'trades.>' } },
        ],
      },
    },
    no_auth_user: 'anonymous',
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
