import { unavailable } from '@countersign/kernel';
import {
  BACKWARDS,
  END,
  type Filter,
  jsonEvent,
  type KurrentDBClient,
  NO_STREAM,
  type ReadableSubscription,
  type ResolvedEvent,
  START,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';

import { Connection } from './connection.js';
import { ANSWER_WITHIN, notAnswering, withDeadline } from './deadline.js';
import { type Place, toFailure } from './failures.js';
import { collect, Flow } from './flow.js';
import type { LogPosition } from './log-position.js';
import type { LogListener, LogSubscription } from './log-subscription.js';
import type { EventToRecord, RecordedEvent } from './record.js';
import type { ServerAnswer } from './server-answer.js';

/** Stream name prefixes; undefined for all streams but the system's own. */
export type Prefixes = readonly string[] | undefined;

/** Each lets a limited number of appends be under way, see `append-slots.ts`. */
const APPEND_CONNECTIONS = 4;
/** Events that the server looks at for matching ones before it tells how far it is. */
const SEARCH_WINDOW = 500;

/** What the server gives for a checkpoint, -1 as unsigned, while nothing has matched yet. */
const NOWHERE = 0xffff_ffff_ffff_ffffn;

/**
 * The server as far as this adapter needs it. Only this and `connection.ts` know the client library.
 *
 * Everything is read by subscribing until caught up. The library's own reads go through a native
 * part that holds back small requests for 40 ms now and then, and that may stay unavailable after
 * its server was restarted. Only the end of the log cannot be found without it.
 */
export class Client {
  readonly #reads: Connection;
  /** A stream's appends always take the same, so that they arrive in the order in which they left. */
  readonly #appends: readonly Connection[];
  /** Only for what goes through the library's native part. */
  readonly #native: Connection;

  /** @throws Error when the connection string cannot be understood. */
  constructor(url: string) {
    this.#reads = new Connection(url);
    this.#native = new Connection(url);
    this.#appends = Array.from({ length: APPEND_CONNECTIONS }, () => new Connection(url));
  }

  /**
   * Appends after a revision, or to a stream that does not exist when that is -1.
   *
   * @throws AppError `unavailable`, then the outcome is not known; `invalid` when it is too large.
   */
  async append(stream: string, after: number, events: EventToRecord[]): Promise<ServerAnswer> {
    const connection = this.#connectionFor(stream);
    const { client, slots } = connection;
    const append = () =>
      client.appendToStream(
        stream,
        events.map((event) => jsonEvent(event)),
        { streamState: after < 0 ? NO_STREAM : BigInt(after), deadline: ANSWER_WITHIN },
      );
    try {
      const result = await withDeadline(slots.run(append, ANSWER_WITHIN));
      connection.succeeded();
      const { position, nextExpectedRevision } = result;
      return { written: true, revision: Number(nextExpectedRevision), position };
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) {
        throw connection.failed(error, client, { stream });
      }
      connection.succeeded();
      return refusal(error);
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
    const { client } = this.#native;
    const read = async () => {
      const events = client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 1 });
      for await (const { event } of events) return event?.position;
      return undefined;
    };
    try {
      return await withDeadline(read());
    } catch (error) {
      // Once its server was restarted it may stay like that.
      if (this.#isUp()) this.#native.renew(client);
      throw toFailure(error);
    }
  }

  /** Tells of the matching events after a position, and of all that come. */
  subscribe(
    after: LogPosition | undefined,
    prefixes: Prefixes,
    listener: LogListener,
  ): LogSubscription {
    const { client } = this.#reads;
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
      listener.failed(this.#reads.failed(error, client, { position: after }));
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
      this.#reads.succeeded();
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
    const connections = [this.#reads, this.#native, ...this.#appends];
    await Promise.allSettled(connections.map((one) => withDeadline(one.close())));
  }

  async #collect(
    subscribe: (client: KurrentDBClient) => ReadableSubscription<ResolvedEvent>,
    max: number,
    place: Place,
  ): Promise<RecordedEvent[]> {
    const { client } = this.#reads;
    const subscription = subscribe(client);
    try {
      const events = await collect<ResolvedEvent>(subscription, max, ANSWER_WITHIN);
      this.#reads.succeeded();
      return events.flatMap(toRecordedEvents);
    } catch (error) {
      throw this.#reads.failed(error, client, place);
    } finally {
      cancel(subscription);
    }
  }

  #isUp(): boolean {
    return [this.#reads, ...this.#appends].some((one) => one.isUp);
  }

  #connectionFor(stream: string): Connection {
    let hash = 0;
    for (let at = 0; at < stream.length; at++) hash = (hash * 31 + stream.charCodeAt(at)) >>> 0;
    return this.#appends[hash % this.#appends.length] ?? this.#reads;
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
