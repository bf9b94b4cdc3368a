import type { NewEvent, StoredEvent } from '@countersign/kernel';

/** What the writer believes of the stream: that it does not exist, exists, or ends at a revision. */
export type ExpectedRevision = 'none' | 'exists' | number;

/**
 * How an append ended. Only `appended` wrote something.
 * - `duplicate`: these very event ids already stand at these revisions. The stored events win: their
 *   `recordedAt` and hash are those of the first attempt, so read them before folding.
 * - `conflict`: the stream is not where the writer believed; `revision` is where it ends, -1 if nowhere.
 */
export type AppendResult =
  | {
      readonly outcome: 'appended' | 'duplicate';
      readonly revision: number;
      readonly position: string;
    }
  | { readonly outcome: 'conflict'; readonly revision: number };

/** Which events of the global order are wanted. */
export interface FeedFilter {
  /** Stream categories (`approval`, `workflow`); all of the product's own when absent. */
  readonly categories?: readonly string[];
}

/** A piece of the global order. */
export interface FeedPage {
  /** Matching events in global order; may be empty. */
  readonly events: readonly StoredEvent[];
  /** Everything up to here has been looked at: the checkpoint to keep. Undefined in an empty store. */
  readonly position: string | undefined;
  /** Whether the end of the store had been reached when this page was read. */
  readonly caughtUp: boolean;
}

export interface SubscribeOptions {
  /** Events in a page at most. Default 500. */
  readonly maxPage?: number;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
}

/**
 * Where events live: the only truth of the product. One contract suite (`contract-suite.ts`) runs on
 * every adapter.
 *
 * Positions are opaque strings; only `comparePositions` may relate them. Readers see every committed
 * event exactly once, in one order that is the same for all readers and agrees with each stream's own.
 */
export abstract class EventStore {
  /**
   * Appends all events or none.
   *
   * @throws AppError `unavailable` (`event-store.unavailable`) when the outcome is not known: repeat the
   * very same call, with the same ids and expectation, and it answers `appended` or `duplicate`.
   * @throws AppError `invalid` (`event-store.empty-append`, `event-store.event-too-large`,
   * `event-store.unstorable-text`, `event-store.unstorable-event` for nesting beyond any stack and the like).
   */
  abstract append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult>;

  /** A stream's events from a revision on (default 0), oldest first; empty when there are none. */
  abstract readStream(
    stream: string,
    options?: { readonly from?: number; readonly max?: number },
  ): Promise<StoredEvent[]>;

  /** One page of the global order after a position (from the start when undefined). */
  abstract readAll(after: string | undefined, filter: FeedFilter, max: number): Promise<FeedPage>;

  /**
   * The global order after a position, as it grows. Ends when the signal fires. Survives the loss of
   * its server: it goes on where it was when the server is back. A page without events may come to
   * move the checkpoint, and one with `caughtUp` comes whenever the end is reached.
   */
  abstract subscribeAll(
    after: string | undefined,
    filter: FeedFilter,
    options: SubscribeOptions,
  ): AsyncIterable<FeedPage>;

  /** Negative, zero or positive as `a` lies before, at or after `b`. @throws AppError `invalid`. */
  abstract comparePositions(a: string, b: string): number;

  /** Position of the last committed event, or undefined in an empty store. */
  abstract head(): Promise<string | undefined>;

  /** Ends subscriptions and connections. Appends under way are answered first. */
  abstract close(): Promise<void>;
}

/** An event's data and metadata together may take this many bytes as JSON. */
export const MAX_EVENT_BYTES = 256 * 1024;
