import { Decimal } from '@countersign/expressions';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  addEntry,
  countMessage,
  emptyWindow,
  type Entry,
  MAX_ENTRIES,
  REMEMBERED_MS,
  type WindowSpec,
  type WindowState,
} from './threshold-window.js';
import { windowAggregate, windowSnapshot } from './window-state.js';
import { entryText, parseEntry } from './window-entry.js';

const decimal = (value: number | string) => Decimal.fromText(String(value));

const spec = (more: Partial<WindowSpec> = {}): WindowSpec => ({
  aggregate: 'sum',
  windowMs: 100,
  above: decimal(10),
  rearmBelow: decimal(5),
  ...more,
});

const START = 1_764_000_000_000;

const entry = (sequence: number, after: number, value: number | string): Entry => ({
  sequence,
  ms: START + after,
  value: decimal(value),
});

/** The window after a message, and the aggregate with which it fired. */
function step(state: WindowState, wanted: WindowSpec, message: Entry) {
  const counting = countMessage(state, wanted, message);
  if (counting.outcome !== 'counted') return { state, outcome: counting.outcome, fired: undefined };
  const { entry: counted, armed } = counting;
  return {
    state: addEntry(state, counted, armed, wanted.windowMs),
    outcome: counting.outcome,
    fired: counted.fired?.toString(),
  };
}

/** Which messages fire, by sequence. */
function run(wanted: WindowSpec, messages: readonly Entry[]): number[] {
  let state = emptyWindow;
  const fired: number[] = [];
  for (const message of messages) {
    const next = step(state, wanted, message);
    if (next.fired !== undefined) fired.push(message.sequence);
    state = next.state;
  }
  return fired;
}

/** The same from first principles: all messages looked at again for each, in whole numbers of cents. */
function naive(wanted: WindowSpec, messages: readonly Entry[]): number[] {
  const cents = (value: Decimal) => Math.round(Number(value.toString()) * 100);
  const above = cents(wanted.above);
  const rearm = cents(wanted.rearmBelow);
  const aggregate = (seen: readonly Entry[], end: number): number => {
    if (wanted.aggregate === 'value') return cents(seen.at(-1)?.value ?? decimal(0));
    const values = seen
      .filter(({ ms }) => ms > end - wanted.windowMs && ms <= end)
      .map(({ value }) => cents(value));
    if (wanted.aggregate === 'count') return values.length * 100;
    if (wanted.aggregate === 'max') return Math.max(Number.NEGATIVE_INFINITY, ...values);
    return values.reduce((sum, value) => sum + value, 0);
  };
  let armed = true;
  return messages
    .filter((message, index) => {
      const before = messages.slice(0, index);
      if (wanted.aggregate !== 'value' && aggregate(before, message.ms) < rearm) armed = true;
      const now = aggregate(messages.slice(0, index + 1), message.ms);
      const fires = armed && now > above;
      if (fires) armed = false;
      else if (now < rearm) armed = true;
      return fires;
    })
    .map(({ sequence }) => sequence);
}

const aggregates = fc.constantFrom(
  'value' as const,
  'sum' as const,
  'count' as const,
  'max' as const,
);
const cents = (min: number, max: number) =>
  fc.integer({ min, max }).map((value) => (value / 100).toFixed(2));
const levels = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }));
const specs = fc
  .tuple(aggregates, fc.integer({ min: 1, max: 200 }), levels)
  .map(([aggregate, windowMs, [a, b]]) =>
    spec({
      aggregate,
      windowMs: aggregate === 'value' ? 0 : windowMs,
      above: decimal(Math.max(a, b)),
      rearmBelow: decimal(Math.min(a, b)),
    }),
  );
const streams = (values: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), values), { maxLength: 40 }).map((gaps) => {
    let at = 0;
    return gaps.map(([gap, value], index) => entry(index + 1, (at += gap), value));
  });

describe('a threshold window', () => {
  it('fires at the messages that a naive recomputation finds', () => {
    fc.assert(
      fc.property(specs, streams(cents(-500, 1_500)), (wanted, messages) => {
        expect(run(wanted, messages)).toEqual(naive(wanted, messages));
      }),
      { numRuns: 500 },
    );
  });

  it('counts nothing twice, and remembers what fired', () => {
    const again = fc.array(fc.nat(), { maxLength: 40 });
    fc.assert(
      fc.property(specs, streams(cents(-500, 1_500)), again, (wanted, messages, repeats) => {
        let state = emptyWindow;
        messages.forEach((message, index) => {
          const first = step(state, wanted, message);
          state = first.state;
          const older = messages[(repeats[index] ?? 0) % (index + 1)] ?? message;
          expect(step(state, wanted, older)).toMatchObject({ state, outcome: 'seen' });
          const seen = countMessage(state, wanted, message);
          const fired = seen.outcome === 'seen' ? seen.fired?.toString() : 'not seen';
          expect(fired).toBe(first.fired);
        });
        expect(run(wanted, messages)).toEqual(naive(wanted, messages));
      }),
    );
  });

  it('fires once in any order when it would fire once in order and nothing arms it again', () => {
    const once = specs.map((wanted) => ({ ...wanted, rearmBelow: decimal(-1) }));
    const shuffled = streams(cents(1, 1_500)).chain((messages) =>
      fc.tuple(
        fc.constant(messages),
        fc.shuffledSubarray(messages, { minLength: messages.length, maxLength: messages.length }),
      ),
    );
    fc.assert(
      fc.property(once, shuffled, (wanted, [messages, mixed]) => {
        // An empty window arms a highest value again.
        fc.pre(wanted.aggregate !== 'max');
        const inOrder = run({ ...wanted }, messages).length;
        expect(run(wanted, mixed)).toHaveLength(inOrder);
      }),
    );
  });

  it.each([
    ['at the level is not above it', [10], []],
    ['the least above it fires', ['10.0000000000000000001'], [1]],
    ['fires once while it stays above', [11, 1, 1], [1]],
    ['between the levels it stays disarmed', [11, -5, 5], [1]],
    ['below the lower one it is armed again', [11, -7, 9], [1, 3]],
    ['at the lower one it is not', [11, -6, 9], [1]],
  ])('%s', (_, values, fired) => {
    expect(
      run(
        spec(),
        values.map((value, index) => entry(index + 1, index, value)),
      ),
    ).toEqual(fired);
  });

  it('is armed again when the window has emptied by itself', () => {
    expect(run(spec(), [entry(1, 0, 11), entry(2, 99, 11), entry(3, 198, 11)])).toEqual([1]);
    expect(run(spec(), [entry(1, 0, 11), entry(2, 100, 11)])).toEqual([1, 2]);
  });

  it('passes over what comes later than it remembers', () => {
    const { state } = step(emptyWindow, spec(), entry(9, REMEMBERED_MS + 200, 1));
    expect(step(state, spec(), entry(1, 100, 50)).outcome).toBe('late');
    expect(step(state, spec(), entry(2, 101, 50))).toMatchObject({
      outcome: 'counted',
      fired: '50',
    });
  });

  it('has no room for more than a snapshot can hold, and forgets what is outside first', () => {
    let state = emptyWindow;
    for (let at = 1; at <= MAX_ENTRIES; at++) {
      state = addEntry(state, entry(at, 0, '9'.repeat(40)), true, 100);
    }
    expect(step(state, spec(), entry(MAX_ENTRIES + 1, 50, 1)).outcome).toBe('full');
    const { state: next, outcome } = step(state, spec(), entry(MAX_ENTRIES + 1, 100, 1));
    expect([outcome, next.entries.length]).toEqual(['counted', 1]);
    expect(step(next, spec(), entry(7, 0, 1)).outcome).toBe('late');
    expect(JSON.stringify(windowSnapshot(state)).length).toBeLessThan(230_000);
  });

  it('is the same after a snapshot', () => {
    fc.assert(
      fc.property(specs, streams(cents(-500, 1_500)), (wanted, messages) => {
        const final = messages.reduce(
          (state, each) => step(state, wanted, each).state,
          emptyWindow,
        );
        const data = { ...windowSnapshot(final), triggerId: '', group: 'g', segment: 1 };
        const restored = windowAggregate.evolve(emptyWindow, {
          type: 'trigger.window-continued',
          data,
        });
        expect(windowSnapshot(restored)).toEqual(windowSnapshot(final));
        for (const each of final.entries) {
          expect(entryText(parseEntry(entryText(each)))).toBe(entryText(each));
        }
      }),
    );
  });
});
