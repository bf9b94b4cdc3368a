import { CorruptDataError, unavailable } from '@countersign/kernel';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AppendResult, ExpectedRevision } from '../event-store.js';
import type { PreparedEvent } from '../prepared-event.js';
import type { Client } from './client.js';
import { ANSWER_WITHIN } from './deadline.js';
import { formatPosition } from './log-position.js';
import { foreignEvent, type RecordedEvent, toRecord, toStoredEvent } from './record.js';

/**
 * Appends so that every answer says truly what happened.
 *
 * The server's own idempotence cannot do that. It goes by the record's id and answers a repeat like
 * a first write, so that a writer would take its own data for stored where those of an earlier
 * attempt are; and a repeat that overtakes the indexing of the first write is dropped without an
 * answer. So each attempt gives its records ids of their own and the server decides by the expected
 * revision alone: it can accept only one attempt. A refusal is then looked into: the events that
 * stand where ours would stand are ours if they carry our event ids in their metadata.
 */
export class Appender {
  constructor(private readonly client: Client) {}

  /** See `EventStore.append`. */
  async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly PreparedEvent[],
  ): Promise<AppendResult> {
    if (expected === 'exists') return this.#appendAtEnd(stream, events);
    const after = expected === 'none' ? -1 : expected;
    const answer = await this.client.append(stream, after, events.map(toRecord));
    if (!answer.written) return this.#explain(stream, after, events, answer.revision);
    const revision = after + events.length;
    if (answer.revision !== revision) {
      throw new CorruptDataError(stream, 'the stream had been deleted, and starts again');
    }
    if (answer.position !== undefined) {
      return { outcome: 'appended', revision, position: formatPosition(answer.position) };
    }
    const stored = await this.#explain(stream, after, events, revision);
    return stored.outcome === 'duplicate' ? { ...stored, outcome: 'appended' } : stored;
  }

  /** Why the server refused: a repeat, or somebody else's events. */
  async #explain(
    stream: string,
    after: number,
    events: readonly PreparedEvent[],
    last: number,
  ): Promise<AppendResult> {
    // Looked at also when there are too few to be a repeat: whoever is told of a conflict must be
    // able to read what it conflicts with.
    const count = Math.min(events.length, last - after);
    const recorded = count > 0 ? await this.#recorded(stream, after + 1, count) : [];
    const stored = recorded.map((record) => {
      const event = toStoredEvent(record);
      if (event === undefined) throw foreignEvent(record);
      return event;
    });
    const final = stored.at(-1);
    const isRepeat =
      stored.length === events.length &&
      stored.every((event, index) => event.eventId === events[index]?.eventId);
    if (final === undefined || !isRepeat) return { outcome: 'conflict', revision: last };
    return { outcome: 'duplicate', revision: final.revision, position: final.position };
  }

  /** Looks for the events in the whole stream, and if they are not there appends at its end. */
  async #appendAtEnd(stream: string, events: readonly PreparedEvent[]): Promise<AppendResult> {
    for (let from = 0; ;) {
      const recorded = await this.client.readStream(stream, from, Number.MAX_SAFE_INTEGER);
      const last = from + recorded.length - 1;
      if (last < 0) return { outcome: 'conflict', revision: -1 };
      const found = recorded.find(
        (record) => toStoredEvent(record)?.eventId === events[0]?.eventId,
      );
      if (found !== undefined) return this.#explain(stream, found.revision - 1, events, last);
      const result = await this.append(stream, last, events);
      if (result.outcome !== 'conflict') return result;
      from = last + 1;
    }
  }

  /** Records that the server has told of. Its writer knows them a little before its readers do. */
  async #recorded(stream: string, from: number, count: number): Promise<RecordedEvent[]> {
    const until = performance.now() + ANSWER_WITHIN;
    for (let pause = 1; performance.now() < until; pause = Math.min(pause * 2, 100)) {
      const recorded = await this.client.readStream(stream, from, count);
      if (recorded.length === count) return recorded;
      await sleep(pause);
    }
    throw unavailable('event-store.unavailable', `${stream}@${from} cannot be read yet`);
  }
}
