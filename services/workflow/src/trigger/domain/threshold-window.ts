import { Decimal } from '@countersign/expressions';

/** What a threshold trigger watches for. */
export interface WindowSpec {
  readonly aggregate: 'value' | 'sum' | 'count' | 'max';
  /** 0 for `value`. */
  readonly windowMs: number;
  readonly above: Decimal;
  readonly rearmBelow: Decimal;
}

/** A message in a window. Two with the same sequence and time are the same message. */
export interface Entry {
  readonly sequence: number;
  /** When the bus took it in, in milliseconds since the epoch. */
  readonly ms: number;
  readonly value: Decimal;
  /** The aggregate with which it crossed the level. */
  readonly fired?: Decimal;
}

/** A group's messages of late, in the order in which the bus took them in. */
export interface WindowState {
  readonly entries: readonly Entry[];
  readonly newest: number;
  /** Messages up to here are not remembered one by one any more. */
  readonly horizon: number;
  readonly armed: boolean;
}

/** Messages that a group's window may hold. Its snapshot has to fit into an event. */
export const MAX_ENTRIES = 2_500;

/** How long messages are remembered after they left the window, so that a repeated one is recognised. */
export const REMEMBERED_MS = 10 * 60_000;

export const emptyWindow: WindowState = {
  entries: [],
  newest: 0,
  horizon: 0,
  armed: true,
};

/** What a message does to its group's window. `full`: there is no room for it. */
export type Counting =
  | { readonly outcome: 'seen'; readonly fired?: Decimal }
  | { readonly outcome: 'late' | 'full' }
  | {
      readonly outcome: 'counted';
      readonly entry: Entry;
      readonly aggregate: Decimal;
      readonly armed: boolean;
    };

/** The message as it was counted, if it was. */
export function findEntry(
  { entries }: WindowState,
  { sequence, ms }: Pick<Entry, 'sequence' | 'ms'>,
): Entry | undefined {
  return entries.findLast((entry) => entry.sequence === sequence && entry.ms === ms);
}

/**
 * Counts a message. Crossing is strict: it fires when the aggregate of the window that ends with it is above
 * `above` while armed, which disarms it; an aggregate below `rearmBelow`, right before the message or with it, arms it
 * again. One that comes out of order is counted where it belongs: it fires if any window that it is part of,
 * up to the newest message, is above the level.
 */
export function countMessage(state: WindowState, spec: WindowSpec, message: Entry): Counting {
  const seen = findEntry(state, message);
  if (seen) return { outcome: 'seen', ...(seen.fired === undefined ? {} : { fired: seen.fired }) };
  const { windowMs } = spec;
  const { ms } = message;
  if (ms <= Math.max(state.horizon, state.newest - windowMs - REMEMBERED_MS)) {
    return { outcome: 'late' };
  }
  const newest = Math.max(state.newest, ms);
  const entries = insert(state.entries, message);
  if (entries.filter((entry) => entry.ms > newest - windowMs).length > MAX_ENTRIES) {
    return { outcome: 'full' };
  }
  const inOrder = entries.at(-1) === message;
  let { armed } = state;
  let current: Decimal | undefined = message.value;
  let peak: Decimal | undefined = message.value;
  if (spec.aggregate !== 'value') {
    const before = inOrder ? aggregateAt(state.entries, ms, spec) : undefined;
    if (inOrder && isBelow(before, spec)) armed = true;
    current = aggregateAt(entries, newest, spec);
    peak = inOrder ? current : highest(entries, ms, spec);
  }
  const fired = armed && peak !== undefined && peak.compare(spec.above) > 0 ? peak : undefined;
  if (fired) armed = false;
  if (isBelow(current, spec)) armed = true;
  return {
    outcome: 'counted',
    entry: fired ? { ...message, fired } : message,
    aggregate: current ?? ZERO,
    armed,
  };
}

/** Whether the window is disarmed, and by this message. */
export function isDisarmedBy(state: WindowState, message: Pick<Entry, 'sequence' | 'ms'>): boolean {
  const last = lastFired(state);
  return !state.armed && last !== undefined && last === findEntry(state, message);
}

/** The last of the messages that are remembered with which it crossed the level. */
export function lastFired({ entries }: WindowState): Entry | undefined {
  return entries.findLast(({ fired }) => fired !== undefined);
}

/** The window with an entry that was counted. */
export function addEntry(
  state: WindowState,
  entry: Entry,
  armed: boolean,
  windowMs: number,
): WindowState {
  const newest = Math.max(state.newest, entry.ms);
  const entries = insert(state.entries, entry);
  const start = newest - windowMs;
  const gone = entries.filter(
    ({ ms }, index) =>
      ms <= start - REMEMBERED_MS || (ms <= start && entries.length - index > MAX_ENTRIES),
  );
  const horizon = gone.reduce((latest, { ms }) => Math.max(latest, ms), state.horizon);
  // Those of the same millisecond go together, or the rest could not be told from strangers.
  return { entries: entries.filter(({ ms }) => ms > horizon), newest, horizon, armed };
}

const ZERO = Decimal.fromInt(0n);

function insert(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  const index = entries.findLastIndex(
    ({ ms, sequence }) => ms < entry.ms || (ms === entry.ms && sequence < entry.sequence),
  );
  return [...entries.slice(0, index + 1), entry, ...entries.slice(index + 1)];
}

/** An empty window has no highest value, which is below any level. */
function isBelow(aggregate: Decimal | undefined, { rearmBelow }: WindowSpec): boolean {
  return aggregate === undefined || aggregate.compare(rearmBelow) < 0;
}

/** The aggregate of the window that ends at a time. */
function aggregateAt(
  entries: readonly Entry[],
  end: number,
  spec: WindowSpec,
): Decimal | undefined {
  const within = entries.filter(({ ms }) => ms > end - spec.windowMs && ms <= end);
  switch (spec.aggregate) {
    case 'count':
      return Decimal.fromInt(BigInt(within.length));
    case 'sum':
      return within.reduce((sum, { value }) => sum.plus(value), ZERO);
    case 'max':
    case 'value':
      return within.reduce<Decimal | undefined>(higher, undefined);
  }
}

/** The highest aggregate of the windows that hold a time and end at a message, found in one pass for sums. */
function highest(entries: readonly Entry[], ms: number, spec: WindowSpec): Decimal | undefined {
  const { windowMs, aggregate } = spec;
  const near = entries.filter((entry) => Math.abs(entry.ms - ms) < windowMs);
  if (aggregate === 'max') return near.reduce<Decimal | undefined>(higher, undefined);
  const weight = ({ value }: Entry) => (aggregate === 'count' ? ONE : value);
  let sum = ZERO;
  let start = 0;
  let peak: Decimal | undefined;
  for (const [index, entry] of near.entries()) {
    sum = sum.plus(weight(entry));
    for (let first = near[start]; first && first.ms <= entry.ms - windowMs; first = near[start]) {
      sum = sum.minus(weight(first));
      start += 1;
    }
    // A window ends with everything of its last millisecond.
    const ends = near[index + 1]?.ms !== entry.ms && entry.ms >= ms;
    if (ends && (peak === undefined || sum.compare(peak) > 0)) peak = sum;
  }
  return peak;
}

const ONE = Decimal.fromInt(1n);

function higher(highest: Decimal | undefined, { value }: Entry): Decimal {
  return highest === undefined || value.compare(highest) > 0 ? value : highest;
}
