import { allCategories, CloudEvent, EVENTS_STREAM, toCloudEvent } from '@countersign/contracts';
import { type EventStore, PostgresEventStore } from '@countersign/event-store';
import { KurrentDbEventStore } from '@countersign/event-store/kurrentdb';
import { derivedId, type StoredEvent, verifyChain } from '@countersign/kernel';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';

import { connectAsService } from './bus.js';
import type { Acknowledged, Deal } from './desk.js';
import { kurrentDbUrl } from './services-process.js';
import type { TestSystem } from './system.js';

/** A message of the EVENTS stream. */
export interface Published {
  readonly event: CloudEvent;
  readonly payload: string;
}

/** A system, or whatever part of it has a database. */
export type WithDatabase = Pick<TestSystem, 'database'>;

/** Opens the system's event store beside the services. */
export async function withStore<T>(
  { database }: WithDatabase,
  use: (store: EventStore) => Promise<T>,
): Promise<T> {
  const store =
    kurrentDbUrl === undefined
      ? await PostgresEventStore.open({ url: database.url, pool: { max: 2 } })
      : await KurrentDbEventStore.open({ url: kurrentDbUrl, log: console });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Every event of the product in the store, in global order. */
export function readStore(system: WithDatabase): Promise<StoredEvent[]> {
  return withStore(system, async (store) => {
    const events: StoredEvent[] = [];
    for (let after: string | undefined; ;) {
      const page = await store.readAll(after, { categories: allCategories }, 5_000);
      events.push(...page.events);
      after = page.position;
      if (page.caughtUp) return events;
    }
  });
}

/** The whole EVENTS stream, in its order. */
export async function readPublished({ nats }: TestSystem): Promise<Published[]> {
  const bus = await connectAsService(nats);
  try {
    const manager = await jetstreamManager(bus);
    const { state } = await manager.streams.info(EVENTS_STREAM);
    if (state.messages === 0) return [];
    const consumer = await jetstream(bus).consumers.get(EVENTS_STREAM);
    const messages = await consumer.fetch({ max_messages: state.messages, expires: 10_000 });
    const published: Published[] = [];
    for await (const message of messages) {
      const payload = message.string();
      published.push({ event: CloudEvent.parse(JSON.parse(payload)), payload });
    }
    return published;
  } finally {
    await bus.close();
  }
}

/** What is wrong with the record itself; empty when nothing is. */
export function faultsInStore(
  stored: readonly StoredEvent[],
  acknowledged: readonly Acknowledged[],
): string[] {
  const faults: string[] = [];
  for (const [stream, events] of Map.groupBy(stored, (event) => event.stream)) {
    const chainBreak = verifyChain(events);
    if (chainBreak) faults.push(`${stream}@${chainBreak.revision}: ${chainBreak.reason}`);
  }
  const ids = new Set(stored.map(({ eventId }) => eventId));
  if (ids.size !== stored.length) faults.push('an event id stands there twice');
  const decided = Map.groupBy(stored, (event) => `${event.metadata.commandId} ${event.type}`);
  for (const { commandId, type } of acknowledged) {
    const times = decided.get(`${commandId} ${type}`)?.length ?? 0;
    if (times !== 1) faults.push(`acknowledged command ${commandId}: ${times} times ${type}`);
  }
  return faults;
}

/** What is wrong with deals that should all be approved and released; empty when nothing is. */
export function faultsInDeals(stored: readonly StoredEvent[], deals: readonly Deal[]): string[] {
  const streams = Map.groupBy(stored, (event) => event.stream);
  const count = (stream: string, type: string) =>
    (streams.get(stream) ?? []).filter((event) => event.type === type).length;
  return deals.flatMap(({ workflowId, approvalId }) => {
    const granted = count(`approval-${approvalId}`, 'approval.granted');
    const completed = count(`workflow-${workflowId}`, 'workflow.completed');
    const fine = granted === 1 && completed === 1;
    return fine ? [] : [`${workflowId}: granted ${granted} times, completed ${completed} times`];
  });
}

/**
 * What is wrong with what was published of the record; empty when nothing is. Repetitions are allowed;
 * a stream's events must appear in order, each for the first time after the one before it.
 */
export function faultsInPublished(
  stored: readonly StoredEvent[],
  published: readonly Published[],
): string[] {
  const faults: string[] = [];
  const expected = new Map(
    stored.map((event) => [event.eventId, JSON.stringify(toCloudEvent(event))]),
  );
  const next = new Map<string, number>();
  const seen = new Set<string>();
  for (const { event, payload } of published) {
    const { id, subject, sequence } = event;
    if (expected.get(id) !== payload) faults.push(`${id}: not what is stored`);
    if (seen.has(id)) continue;
    seen.add(id);
    const due = next.get(subject) ?? 0;
    if (Number(sequence) !== due) faults.push(`${subject}: ${sequence} where ${due} was due`);
    next.set(subject, Number(sequence) + 1);
  }
  const missing = stored.filter(({ eventId }) => !seen.has(eventId));
  for (const { stream, revision } of missing) faults.push(`${stream}@${revision}: not published`);
  return faults;
}

/** Events of a type in the streams of some instances. */
export function eventsOf(
  stored: readonly StoredEvent[],
  type: string,
  workflowIds: readonly string[],
): StoredEvent[] {
  const streams = new Set(workflowIds.map((id) => `workflow-${id}`));
  return stored.filter((event) => event.type === type && streams.has(event.stream));
}

/**
 * What is wrong with a bulk job that should have changed these instances by an event of this type, each once and by
 * the job's own command for it, and recorded each once; empty when nothing is.
 */
export function faultsInBulkJob(
  stored: readonly StoredEvent[],
  jobId: string,
  type: string,
  workflowIds: readonly string[],
): string[] {
  const commands = eventsOf(stored, type, workflowIds).map(({ metadata }) => metadata.commandId);
  const recorded = stored
    .filter((event) => event.stream === `bulkjob-${jobId}`)
    .flatMap(({ data }) => (data['results'] ?? []) as { workflowId: string; result: string }[])
    .filter(({ result }) => result === 'done');
  const times = (all: readonly string[], wanted: string) =>
    all.filter((each) => each === wanted).length;
  const done = recorded.map(({ workflowId }) => workflowId);
  const faults = workflowIds.flatMap((id) => {
    const changed = times(commands, derivedId('bulk job item', jobId, id));
    const fine = changed === 1 && times(done, id) === 1;
    return fine ? [] : [`${id}: changed ${changed} times, recorded ${times(done, id)} times`];
  });
  if (commands.length !== workflowIds.length) faults.push(`${commands.length} times ${type}`);
  if (done.length !== workflowIds.length) faults.push(`${done.length} results`);
  return faults;
}
