import type { CommandType } from '@countersign/contracts';
import { type EventStore, InMemoryEventStore } from '@countersign/event-store';
import { Clock } from '@countersign/kernel';
import { BusSigner, type CommandContext } from '@countersign/messaging';
import type { Platform } from '@countersign/service-kit';
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
  readonly sent: SentCommand[] = [];
  readonly logged: object[] = [];
  /** What the next commands are answered with, or refused by throwing. */
  answer: (command: SentCommand) => unknown = () => ({});
  #hint: HintListener | undefined;

  constructor(
    private readonly pool: FakePool | undefined,
    private readonly config: Record<string, unknown> = {},
  ) {}

  /** The projector says how far it is. */
  hint(payload: string): void {
    this.#hint?.(null, { string: () => payload });
  }

  get platform(): Platform {
    const { clock, store, sent, logged } = this;
    const note = (fields: object) => logged.push(fields);
    const fake = {
      clock,
      store,
      config: {
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: 0,
        NATS_URL: 'nats://localhost:4222',
        COUNTERSIGN_BUS_KEY: 'ab'.repeat(32),
        ...this.config,
      },
      log: { error: note, warn: note, info: note, debug: note },
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
