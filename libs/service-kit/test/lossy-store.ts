import {
  type AppendResult,
  EventStore,
  type ExpectedRevision,
  type FeedPage,
} from '@countersign/event-store';
import { type NewEvent, type StoredEvent, unavailable } from '@countersign/kernel';

/** A store whose replies get lost after the fact. */
export class LossyStore extends EventStore {
  #toLose = 0;
  lost = 0;

  constructor(private readonly store: EventStore) {
    super();
  }

  loseNext(count: number): void {
    this.#toLose = count;
  }

  override async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const result = await this.store.append(stream, expected, events);
    if (this.#toLose === 0) return result;
    this.#toLose--;
    this.lost++;
    throw unavailable('test.lost', 'stored, but nobody hears of it');
  }

  override readStream(...args: Parameters<EventStore['readStream']>): Promise<StoredEvent[]> {
    return this.store.readStream(...args);
  }

  override readAll(...args: Parameters<EventStore['readAll']>): Promise<FeedPage> {
    return this.store.readAll(...args);
  }

  override subscribeAll(...args: Parameters<EventStore['subscribeAll']>): AsyncIterable<FeedPage> {
    return this.store.subscribeAll(...args);
  }

  override comparePositions(a: string, b: string): number {
    return this.store.comparePositions(a, b);
  }

  override head(): Promise<string | undefined> {
    return this.store.head();
  }

  override close(): Promise<void> {
    return this.store.close();
  }
}
