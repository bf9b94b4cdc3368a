import { describe, expect, it } from '@jest/globals';
import { ExpressionError } from '@countersign/expressions';
import { AppError } from '@countersign/kernel';
import fc from 'fast-check';

import {
  type Choice,
  compileDefinition,
  parseDefinition,
  StateMachine,
  triggerKind,
  type WorkflowDefinition,
} from './index.js';

const NAMES = ['a', 'b', 'c', 'd'];
const name = fc.constantFrom(...NAMES);
const event = fc.constantFrom('go', 'stop', 'constructor');
const condition = fc.constantFrom('context.x > 1', 'context.x < 2 && context.y', 'true');
const duration = fc.constantFrom('PT1M', 'P2D');
const optional = { requiredKeys: [] };

const transition = fc
  .tuple(
    fc.record({
      event,
      from: name,
      to: name,
      trigger: fc.oneof(
        fc.constantFrom('manual' as const, 'automatic' as const),
        duration.map((after) => ({ after })),
        event.map((signal) => ({ signal })),
      ),
    }),
    fc.record(
      {
        condition,
        requiresApproval: fc.constant({ level: 'DUAL', approvers: ['ann', 'bob'] }),
      },
      optional,
    ),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

const definition: fc.Arbitrary<WorkflowDefinition> = fc
  .record({
    initial: name,
    transitions: fc.array(transition, { minLength: 4, maxLength: 20 }),
    timeouts: fc.tuple(
      ...NAMES.map(() => fc.option(fc.record({ after: duration, to: name }), { nil: undefined })),
    ),
    finals: fc.subarray(NAMES, { maxLength: 2 }),
  })
  .map(({ initial, transitions, timeouts, finals }) =>
    parseDefinition({
      name: 'random',
      initial,
      // A state that ends goes nowhere.
      transitions: transitions.filter(({ from }) => !finals.includes(from)),
      states: NAMES.map((each, index) => ({
        name: each,
        ...(finals.includes(each) ? { final: 'completed' } : { timeout: timeouts[index] }),
      })),
    }),
  );

/** States and events that may be none of the definition. */
const anyState = fc.constantFrom(...NAMES, 'elsewhere', '__proto__', 'constructor');
const anyEvent = fc.constantFrom('go', 'stop', 'constructor', '__proto__', 'nothing');

const question = fc.record({
  kind: fc.constantFrom('event', 'signal', 'automatic', 'after', 'timeout', 'allowed'),
  state: anyState,
  target: anyState,
  event: anyEvent,
  x: fc.nat(3),
});

/** An answer, or the code of the refusal; anything else that is thrown is a fault. */
function answer<Answer>(ask: () => Answer): Answer | string {
  try {
    return ask();
  } catch (error) {
    if (error instanceof ExpressionError) return 'expression';
    if (error instanceof AppError && error.code === 'definition.unknown-state') return 'unknown';
    throw error;
  }
}

const chosen = (choice: Choice | string) =>
  typeof choice === 'object' && 'transition' in choice ? [choice.transition] : [];

describe('whatever is asked of a definition', () => {
  it('the answer is a way that leaves that state in the definition, to one of its states', () => {
    const answered = { event: 0, signal: 0, automatic: 0, after: 0, timeout: 0, allowed: 0 };
    fc.assert(
      fc.property(
        definition,
        fc.array(question, { minLength: 20, maxLength: 60 }),
        (given, questions) => {
          const compiled = compileDefinition(given);
          const machine = StateMachine.from(given);
          for (const { kind, state, target, event: asked, x } of questions) {
            const context = { x };
            const ways = {
              event: () => chosen(answer(() => compiled.byEvent(state, asked, context))),
              signal: () => chosen(answer(() => compiled.bySignal(state, asked, context))),
              automatic: () => [answer(() => compiled.nextAutomatic(state, context))],
              after: () => {
                const due = answer(() => compiled.afterTransitions(state));
                return typeof due === 'string' ? [] : due.map((each) => each.transition);
              },
            };
            if (kind === 'timeout') {
              const due = answer(() => compiled.timeoutOf(state));
              if (typeof due !== 'object') continue;
              answered.timeout++;
              const { timeout } = given.states.find((each) => each.name === state) ?? {};
              expect(due.to).toBe(timeout?.to);
              expect(NAMES).toContain(due.to);
            } else if (kind === 'allowed') {
              if (answer(() => machine.transition(state, target, context)) !== true) continue;
              answered.allowed++;
              const between = given.transitions.filter(
                ({ from, to, requiresApproval }) =>
                  from === state && to === target && requiresApproval === undefined,
              );
              expect(between).not.toEqual([]);
            } else {
              const trigger = {
                event: 'manual',
                signal: 'signal',
                automatic: 'automatic',
                after: 'after',
              };
              for (const way of ways[kind]()) {
                if (typeof way !== 'object') continue;
                answered[kind]++;
                expect(given.transitions[way.index]).toMatchObject({
                  event: way.event,
                  from: state,
                  to: way.to,
                });
                expect(triggerKind(way.trigger)).toBe(trigger[kind]);
                expect(NAMES).toContain(way.to);
                if (kind === 'event') expect(way.event).toBe(asked);
                if (kind === 'signal') expect(way.trigger).toEqual({ signal: asked });
              }
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
    // Each kind of question was answered often enough to mean something.
    expect(Math.min(...Object.values(answered))).toBeGreaterThan(30);
  });
});
