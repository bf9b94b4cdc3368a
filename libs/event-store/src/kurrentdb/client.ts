import { unavailable } from '@countersign/kernel';
import {
  BACKWARDS,
  END,
  type Filter,
  jsonEvent,
  KurrentDBClient,
  NO_STREAM,
  type ReadableSubscription,
  type ResolvedEvent,
  START,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';

import { AppendSlots } from './append-slots.js';
import { ANSWER_WITHIN, notAnswering, withDeadline } from './deadline.js';
import { isStuck, type Place, toFailure } from './failures.js';
import { collect, Flow } from './flow.js';
import type { LogPosition } from './log-position.js';
import type { LogListener, LogSubscription } from './log-subscription.js';
import type { EventToRecord, RecordedEvent } from './record.js';
import type { ServerAnswer } from './server-answer.js';

/** Stream name prefixes; undefined for all streams but the system's own. */
export type Prefixes = readonly string[] | undefined;

/** Milliseconds without any success after which a new connection is tried. */
const RENEW_AFTER = 5_000;
/** Events that the server looks at for matching ones before it tells how far it is. */
const SEARCH_WINDOW = 500;

/** What the server gives for a checkpoint, -1 as unsigned, while nothing has matched yet. */
const NOWHERE = 0xffff_ffff_ffff_ffffn;

/**
 * The server as far as this adapter needs it, and the one place that knows the client library.
 *
 * Everything is read by subscribing until caught up. The library's own reads go through a native
 * part that holds back small requests for 40 ms now and then, and that may stay unavailable after
 * its server was restarted. Only the end of the log cannot be found without it.
 */
export class Client {
  #client: KurrentDBClient;
  /** Only for what goes through the library's native part. */
  #native: KurrentDBClient;
  #slots = new AppendSlots();
  #lastSuccess = performance.now();
  readonly #used: KurrentDBClient[] = [];

  /** @throws Error when the connection string cannot be understood. */
  constructor(private readonly url: string) {
    this.#client = this.#connect();
    this.#native = this.#connect();
  }

  /**
   * Appends after a revision, or to a stream that does not exist when that is -1.
   *
   * @throws AppError `unavailable`, then the outcome is not known; `invalid` when it is too large.
   */
  async append(stream: string, after: number, events: EventToRecord[]): Promise<ServerAnswer> {
    const client = this.#client;
    const append = () =>
      client.appendToStream(
        stream,
        events.map((event) => jsonEvent(event)),
        { streamState: after < 0 ? NO_STREAM : BigInt(after), deadline: ANSWER_WITHIN },
      );
    try {
      const result = await withDeadline(this.#slots.run(append, ANSWER_WITHIN));
      this.#succeeded();
      const { position, nextExpectedRevision } = result;
      return { written: true, revision: Number(nextExpectedRevision), position };
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) return refusal(error);
      throw this.#failed(error, client, { stream });
    }
  }

  /** A stream's events from a revision on, at most so many; none if there is no such stream. */
  readStream(stream: string, from: number, max: number): Promise<RecordedEvent[]> {
    const fromRevision = from === 0 ? START : BigInt(from - 1);
    return this.#collect((client) => client.subscribeToStream(stream, { fromRevision }), max, {
      stream,
    });
  }

  /** Matching events of the log after a position, at most so many; fewer at the end. */
  readAll(
    after: LogPosition | undefined,
    prefixes: Prefixes,
    max: number,
  ): Promise<RecordedEvent[]> {
    const options = { fromPosition: after ?? START, filter: filterOf(prefixes) } as const;
    return this.#collect((client) => client.subscribeToAll(options), max, { position: after });
  }

  /** Position of the log's last event, the server's own included. */
  async head(): Promise<LogPosition | undefined> {
    const client = this.#native;
    const read = async () => {
      const events = client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 1 });
      for await (const { event } of events) return event?.position;
      return undefined;
    };
    try {
      return await withDeadline(read());
    } catch (error) {
      // It may never recover from the loss of its server. Where that is up, it has to be replaced.
      const isUp = performance.now() - this.#lastSuccess < RENEW_AFTER;
      if (isUp && client === this.#native) this.#native = this.#connect();
      throw toFailure(error);
    }
  }

  /** Tells of the matching events after a position, and of all that come. */
  subscribe(
    after: LogPosition | undefined,
    prefixes: Prefixes,
    listener: LogListener,
  ): LogSubscription {
    const client = this.#client;
    const filter: Filter = {
      ...filterOf(prefixes),
      checkpointReached: (_, position) => {
        flow.drain();
        if (position.commit !== NOWHERE) listener.checkpoint(position);
      },
    };
    const subscription = client.subscribeToAll({ fromPosition: after ?? START, filter });
    const flow = new Flow<ResolvedEvent>(subscription, (resolved) => {
      for (const event of toRecordedEvents(resolved)) listener.event(event);
    });
    const fail = (error: unknown) => {
      close();
      listener.failed(this.#failed(error, client, { position: after }));
    };
    const timer = setTimeout(fail, ANSWER_WITHIN, notAnswering());
    const close = () => {
      clearTimeout(timer);
      subscription.removeListener('error', fail).removeListener('end', ended);
      cancel(subscription);
    };
    const ended = () => {
      fail(unavailable('event-store.unavailable', 'the event store ended a subscription'));
    };
    subscription.on('error', fail).on('end', ended);
    subscription.on('confirmation', () => {
      clearTimeout(timer);
      this.#succeeded();
    });
    subscription.on('caughtUp', () => {
      flow.drain();
      listener.caughtUp();
    });
    subscription.on('fellBehind', () => {
      listener.fellBehind();
    });
    return { pause: () => flow.pause(), resume: () => flow.resume(), close };
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const disposals = this.#used.map((client) => withDeadline(client.dispose()));
    await Promise.allSettled(disposals);
  }

  async #collect(
    subscribe: (client: KurrentDBClient) => ReadableSubscription<ResolvedEvent>,
    max: number,
    place: Place,
  ): Promise<RecordedEvent[]> {
    const client = this.#client;
    const subscription = subscribe(client);
    try {
      const events = await collect<ResolvedEvent>(subscription, max, ANSWER_WITHIN);
      this.#succeeded();
      return events.flatMap(toRecordedEvents);
    } catch (error) {
      throw this.#failed(error, client, place);
    } finally {
      cancel(subscription);
    }
  }

  #succeeded(): void {
    this.#lastSuccess = performance.now();
  }

  /**
   * The library does connect anew by itself, but not out of every state: a failed question for the
   * server's features, for one, is remembered for ever and fails all appends.
   */
  #failed(error: unknown, client: KurrentDBClient, place?: Place): unknown {
    const since = performance.now() - this.#lastSuccess;
    if (client === this.#client && since > RENEW_AFTER && isStuck(error)) {
      this.#lastSuccess = performance.now();
      this.#slots = new AppendSlots();
      this.#client = this.#connect();
    }
    return toFailure(error, place);
  }

  #connect(): KurrentDBClient {
    // The older scheme means the same, but is complained about on the console.
    const url = this.url.replace(/^esdb(?=\+discover:|:)/, 'kurrentdb');
    const client = KurrentDBClient.connectionString(url);
    this.#used.push(client);
    return client;
  }
}

function refusal({ actualState }: WrongExpectedVersionError): ServerAnswer {
  const revision = actualState === NO_STREAM ? -1 : Number(actualState);
  return { written: false, revision, position: undefined };
}

function filterOf(prefixes: Prefixes): Filter {
  const window = { maxSearchWindow: SEARCH_WINDOW, checkpointInterval: 1 };
  if (prefixes === undefined) return streamNameFilter({ ...window, regex: '^[^$]' });
  if (prefixes.length === 0) return streamNameFilter({ ...window, regex: '(?!)' });
  return streamNameFilter({ ...window, prefixes: [...prefixes] });
}

function toRecordedEvents({ event }: ResolvedEvent): RecordedEvent[] {
  if (event?.position === undefined) return [];
  const { streamId: stream, position, type, isJson, metadata } = event;
  const data: unknown = isJson ? event.data : undefined;
  return [{ stream, revision: Number(event.revision), position, type, data, metadata }];
}

/** Ends a subscription whose further events and errors are of no interest. */
function cancel(subscription: ReadableSubscription<unknown>): void {
  const ignore = () => undefined;
  subscription.on('error', ignore);
  subscription.unsubscribe().catch(ignore);
}
