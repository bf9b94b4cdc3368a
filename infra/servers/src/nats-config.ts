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

/** The subscriber of a local server, for development: no secret, and known from the documentation. */
export const SUBSCRIBER = {
  user: 'subscriber',
  password: 'subscriber',
  durables: ['subscriber', 'subscriber-1', 'subscriber-2', 'subscriber-3', 'subscriber-4'],
} as const;

/** Where an account of subscribers finds the interface of its durable consumers: its `apiPrefix`. */
const FEED = 'feed';

/** What the services' account offers to subscribers; which of it one gets, its own account says. */
const feedExports = [
  { service: `${FEED}.open.*` },
  { service: '$JS.API.CONSUMER.INFO.EVENTS.*' },
  { service: '$JS.API.CONSUMER.MSG.NEXT.EVENTS.*', response: 'stream' },
  { service: '$JS.ACK.EVENTS.>', response: 'stream' },
];

/** Who may take events from which durable consumers. */
interface Subscriber {
  readonly user: string;
  readonly password: string;
  /** A permission cannot say "names that begin with"; so they are listed. */
  readonly durables: readonly string[];
}

/**
 * An account for one subscriber. What is imported is all that the account can reach, also by a reply
 * subject: permissions do not cover those.
 */
function subscriberAccount({ user, password, durables }: Subscriber): object {
  const calls = durables.flatMap((durable) => [
    `CONSUMER.INFO.EVENTS.${durable}`,
    `CONSUMER.MSG.NEXT.EVENTS.${durable}`,
  ]);
  const own = durables.flatMap((durable) => [
    `${FEED}.open.${durable}`,
    `$JS.ACK.EVENTS.${durable}.>`,
  ]);
  const account = 'SERVICES';
  return {
    users: [
      {
        user,
        password,
        permissions: {
          publish: { allow: [...own, ...calls.map((call) => `${FEED}.${call}`)] },
          subscribe: { allow: ['evt.>', '_INBOX.>'] },
        },
      },
    ],
    imports: [
      { stream: { account, subject: 'evt.>' } },
      ...own.map((subject) => ({ service: { account, subject } })),
      ...calls.map((call) => ({
        service: { account, subject: `$JS.API.${call}` },
        to: `${FEED}.${call}`,
      })),
    ],
  };
}

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
    // Several accounts, because a permission covers what somebody publishes and not the reply subject
    // that they name: JetStream would answer a trade on it, into its own interface or among the events.
    // As a service of another account the trade's answer comes out where it was asked for. That may be a subject below
    // `evt.>`, for others who are anonymous and for nobody else: an acknowledgement of JetStream, no CloudEvent, in which
    // nothing was chosen by whoever asked. Without credentials one looks; whoever acts on events has an account.
    accounts: {
      SERVICES: {
        jetstream: 'enabled',
        users: [{ user: SERVICES_USER, password: config.servicesPassword }],
        exports: [{ stream: 'evt.>' }, { service: 'trades.>' }, ...feedExports],
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
      SUBSCRIBER: subscriberAccount(SUBSCRIBER),
    },
    no_auth_user: 'anonymous',
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
