import type { CommandType } from '@countersign/contracts';
import { type EventStore, InMemoryEventStore } from '@countersign/event-store';
import { Clock } from '@countersign/kernel';
import { BusSigner, type CommandContext } from '@countersign/messaging';
import { DirectoryReader, type Log, type Platform } from '@countersign/service-kit';
import type pg from 'pg';

class StoppedClock extends Clock {
  override now(): Date {
    return new Date('2026-11-24T09:00:00Z');
  }
}

/** A command as it left the gateway. */
export interface SentCommand {
  readonly subject: string;
  readonly body: unknown;
  readonly context: Omit<CommandContext, 'commandHash'>;
}

type HintListener = (error: null, message: { string(): string }) => void;

type FakePool = Pick<pg.Pool, 'query'> & { on(event: string, listener: () => void): unknown };

/** A platform without servers: commands are recorded and answered by hand, events live in memory. */
export class FakePlatform {
  readonly clock: Clock = new StoppedClock();
  readonly store: EventStore = new InMemoryEventStore();
  /** Empty: everybody is who their token says. Events in the store change it with its next `load`. */
  readonly directory: DirectoryReader;
  readonly sent: SentCommand[] = [];
  readonly logged: object[] = [];
  /** What the next commands are answered with, or refused by throwing. */
  answer: (command: SentCommand) => unknown = () => ({});
  #hint: HintListener | undefined;
  readonly #log: Log;

  constructor(
    private readonly pool: FakePool | undefined,
    private readonly config: Record<string, unknown> = {},
  ) {
    const note = (fields: object) => void this.logged.push(fields);
    this.#log = { error: note, warn: note, info: note, debug: note };
    this.directory = new DirectoryReader(this.store, this.#log);
  }

  /** The projector says how far it is. */
  hint(payload: string): void {
    this.#hint?.(null, { string: () => payload });
  }

  get platform(): Platform {
    const { clock, store, directory, sent } = this;
    const fake = {
      clock,
      store,
      directory,
      config: {
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: 0,
        NATS_URL: 'nats://localhost:4222',
        COUNTERSIGN_BUS_KEY: 'ab'.repeat(32),
        ...this.config,
      },
      log: this.#log,
      pool: this.pool ?? {
        query: () => Promise.reject(new Error('there is no database')),
        on: () => undefined,
      },
      signer: new BusSigner('ab'.repeat(32)),
      bus: {
        subscribe: (_subject: string, { callback }: { callback: HintListener }) => {
          this.#hint = callback;
          return { unsubscribe: () => undefined };
        },
        request: () => Promise.reject(new Error('nobody is there')),
      },
      commands: {
        send: (type: CommandType, body: unknown, context: SentCommand['context']) => {
          const command = { subject: type.subject, body, context };
          sent.push(command);
          return Promise.resolve().then(() => this.answer(command));
        },
      },
    };
    return fake as unknown as Platform;
  }
}
