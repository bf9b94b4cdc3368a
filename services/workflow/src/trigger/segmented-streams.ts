import type { DomainEvent } from '@countersign/contracts';
import { type EventStore } from '@countersign/event-store';
import { type Aggregate, type Clock, derivedId, streamName } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore } from '@countersign/service-kit';
import { LRUCache } from 'lru-cache';

/** Events of a segment after which the next one begins. */
const SEGMENT_EVENTS = 500;

/** A segment's state, and how many events led to it. */
interface Segment<State> {
  readonly state: State;
  readonly length: number;
}

/**
 * Event-sourced state of something that never ends, kept in a row of streams of bounded length. Each but
 * the first begins with an event that carries the state over, so that only the last one is ever read. A
 * full segment takes no more: whoever is late conflicts with its last event and moves on as well.
 */
export class SegmentedStreams<
  State,
  Event extends DomainEvent,
  Owner extends { readonly id: string },
> {
  readonly #segments: AggregateStore<Segment<State>, Event>;
  readonly #last = new LRUCache<string, number>({ max: 10_000 });

  /** @param kept states that stay in memory at most. */
  constructor(
    private readonly store: EventStore,
    clock: Clock,
    private readonly aggregate: Aggregate<State, Event>,
    private readonly carryOver: (state: State, segment: number, owner: Owner) => Event,
    kept: number,
    private readonly segmentEvents = SEGMENT_EVENTS,
  ) {
    const { category, initialState, evolve } = aggregate;
    const segments: Aggregate<Segment<State>, Event> = {
      category,
      initialState: { state: initialState, length: 0 },
      evolve: ({ state, length }, event) => ({ state: evolve(state, event), length: length + 1 }),
    };
    this.#segments = new AggregateStore(store, clock, segments, kept);
  }

  /** Today's state; the initial one if nothing was ever decided. */
  async load(owner: Owner): Promise<State> {
    for (let number = await this.#lastOf(owner); ; number++) {
      const { state, length } = await this.#segments.load(this.#streamOf(owner, number));
      if (length === 0) return number === 0 ? state : this.#endOf(owner, number - 1);
      if (length < this.segmentEvents) return state;
      this.#last.set(owner.id, number + 1);
    }
  }

  /**
   * As `AggregateStore.execute`. A command is recognised within a segment only: whoever may repeat one
   * later than that must tell from the state. Answers the state after it.
   */
  async execute(
    owner: Owner,
    context: CommandContext,
    decide: (state: State) => readonly Event[],
  ): Promise<State> {
    for (let number = await this.#lastOf(owner); ; number++) {
      const full = new Error('the segment is full');
      try {
        const stream = this.#streamOf(owner, number);
        const outcome = await this.#segments.execute(stream, context, async ({ state, length }) => {
          if (length >= this.segmentEvents) throw full;
          if (length > 0 || number === 0) return decide(state);
          const before = await this.#endOf(owner, number - 1);
          const events = decide(before);
          return events.length === 0 ? [] : [this.carryOver(before, number, owner), ...events];
        });
        const { state, length } = outcome.state;
        return length === 0 && number > 0 ? await this.#endOf(owner, number - 1) : state;
      } catch (error) {
        if (error !== full) throw error;
        this.#last.set(owner.id, number + 1);
      }
    }
  }

  async #endOf(owner: Owner, number: number): Promise<State> {
    return (await this.#segments.load(this.#streamOf(owner, number))).state;
  }

  /** Found by doubling and halving: segments have no gaps. */
  async #lastOf(owner: Owner): Promise<number> {
    const known = this.#last.get(owner.id);
    if (known !== undefined) return known;
    const exists = async (number: number) =>
      (await this.store.readStream(this.#streamOf(owner, number), { max: 1 })).length > 0;
    let beyond = 1;
    while (await exists(beyond)) beyond *= 2;
    let last = Math.floor(beyond / 2);
    while (beyond - last > 1) {
      const middle = Math.floor((last + beyond) / 2);
      if (await exists(middle)) last = middle;
      else beyond = middle;
    }
    this.#last.set(owner.id, last);
    return last;
  }

  #streamOf(owner: Owner, number: number): string {
    const { category } = this.aggregate;
    return streamName(category, derivedId(category, owner.id, number));
  }
}
