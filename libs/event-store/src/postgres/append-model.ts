import type { NewEvent } from '@countersign/kernel';
import { expect } from '@jest/globals';
import fc from 'fast-check';

import { event, nth } from '../contract/given.js';
import type { AppendResult, ExpectedRevision } from '../event-store.js';
import type { InMemoryEventStore } from '../in-memory-event-store.js';
import type { PreparedEvent } from '../prepared-event.js';

/** One append of a made-up history: names and ids from small sets, so that they collide. */
interface ArbitraryAppend {
  readonly stream: number;
  readonly expected: ExpectedRevision;
  readonly ids: readonly number[];
}

/** Test support: appends that are all sent before any is answered. */
export const arbitraryAppends: fc.Arbitrary<ArbitraryAppend[]> = fc.array(
  fc.record({
    stream: fc.nat(3),
    expected: fc.oneof(fc.constantFrom('none' as const, 'exists' as const), fc.nat(6)),
    ids: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 3 }),
  }),
  { maxLength: 16 },
);

/** How the tested appends are sent. */
export type Send = (
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
) => Promise<AppendResult>;

/**
 * Sends rounds of appends to what is tested and one by one to the model, which must answer the same.
 * Positions may differ between the two, for streams may overtake each other.
 */
export async function play(
  rounds: readonly (readonly ArbitraryAppend[])[],
  send: Send,
  model: InMemoryEventStore,
  suffix = '1',
): Promise<void> {
  const names = ['a', 'b', 'c', 'd'].map((category) => `${category}-${suffix}`);
  for (const round of rounds) {
    const sent = round.map(({ stream, expected, ids }) => {
      const name = nth(names, stream);
      const list = ids.map((id) => event({ id }, { eventId: uuid(stream, id) }));
      return { name, expected, list };
    });
    const answers = await Promise.all(
      sent.map(({ name, expected, list }) => send(name, expected, list)),
    );
    for (const [index, { name, expected, list }] of sent.entries()) {
      const { outcome, revision } = await model.append(name, expected, list);
      expect(answers[index]).toMatchObject({ outcome, revision });
    }
  }
}

/** The event that a prepared one was made from. */
export function newEventOf({ data, metadata, ...event }: PreparedEvent): NewEvent {
  return {
    ...event,
    data: JSON.parse(data) as NewEvent['data'],
    metadata: JSON.parse(metadata) as NewEvent['metadata'],
  };
}

function uuid(stream: number, id: number): string {
  return `00000000-0000-5000-8000-${String(stream * 100 + id).padStart(12, '0')}`;
}
