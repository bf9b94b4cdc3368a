import { describe, expect, it } from '@jest/globals';
import { ExpressionError } from '@countersign/expressions';
import fc from 'fast-check';

import {
  compileDefinition,
  parseDefinition,
  StateMachine,
  validateDefinition,
  type WorkflowDefinition,
} from './index.js';

/** A condition beside what it means; `context.missing` has no answer. */
const CONDITIONS: readonly (readonly [string | undefined, (x: number) => boolean | 'error'])[] = [
  [undefined, () => true],
  ['context.x > 2', (x) => x > 2],
  ['context.x == 1 || context.x == 3', (x) => x === 1 || x === 3],
  ['context.missing > 1', () => 'error'],
  ['context.x < 2 && context.missing', (x) => (x < 2 ? 'error' : false)],
];

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly event: number;
  readonly condition: number;
  readonly automatic: boolean;
  readonly approval: 'none' | 'AUTO' | 'DUAL';
}

const arrow: fc.Arbitrary<Arrow> = fc.record({
  from: fc.nat(4),
  to: fc.nat(4),
  event: fc.nat(2),
  condition: fc.nat(CONDITIONS.length - 1),
  automatic: fc.boolean(),
  approval: fc.constantFrom('none', 'AUTO', 'DUAL'),
});
const arrows = fc.array(arrow, { maxLength: 14 });

function definitionOf(list: readonly Arrow[]): WorkflowDefinition {
  return parseDefinition({
    name: 'random',
    initial: 's0',
    states: [0, 1, 2, 3, 4].map((n) => ({ name: `s${n}` })),
    transitions: list.map((a) => ({
      event: `e${a.event}`,
      from: `s${a.from}`,
      to: `s${a.to}`,
      trigger: a.automatic ? 'automatic' : 'manual',
      condition: CONDITIONS[a.condition]?.[0],
      requiresApproval:
        a.approval === 'none' ? undefined : { level: a.approval, approvers: ['role:r'] },
    })),
  });
}

/** The first arrow that holds; an error comes out only when nothing before it holds. */
function reference(list: readonly Arrow[], wanted: (a: Arrow) => boolean, x: number): unknown {
  for (const [index, candidate] of list.entries()) {
    if (!wanted(candidate)) continue;
    const answer = CONDITIONS[candidate.condition]?.[1](x);
    if (answer === 'error') return 'error';
    if (answer === true) return index;
  }
  return 'none';
}

function outcome(run: () => unknown): unknown {
  try {
    return run() ?? 'none';
  } catch (error) {
    if (error instanceof ExpressionError) return 'error';
    throw error;
  }
}

describe('on random machines', () => {
  it('a compiled definition does what a look through the list does', () => {
    fc.assert(
      fc.property(arrows, fc.nat(4), fc.nat(2), fc.nat(4), (list, from, event, x) => {
        const compiled = compileDefinition(definitionOf(list));
        const context = { x };
        expect(outcome(() => compiled.nextAutomatic(`s${from}`, context)?.index)).toBe(
          reference(list, (a) => a.automatic && a.from === from, x),
        );
        const fires = (a: Arrow): boolean => !a.automatic && a.from === from && a.event === event;
        expect(
          outcome(() => {
            const choice = compiled.byEvent(`s${from}`, `e${event}`, context);
            if ('transition' in choice) return choice.transition.index;
            expect(choice.refused === 'no-transition').toBe(!list.some(fires));
            return undefined;
          }),
        ).toBe(reference(list, fires, x));
      }),
      { numRuns: 1_000 },
    );
  });

  it('StateMachine.transition is true only for a transition that exists, holds and waits for nothing', () => {
    fc.assert(
      fc.property(
        arrows,
        fc.nat(4),
        fc.nat(4),
        fc.nat(4),
        fc.boolean(),
        (list, from, to, x, granted) => {
          const machine = StateMachine.from(definitionOf(list));
          const options = granted ? { approved: ['e0', 'e1', 'e2'] } : {};
          const made = outcome(() => machine.transition(`s${from}`, `s${to}`, { x }, options));
          const waits = (a: Arrow): boolean => !granted && a.approval === 'DUAL';
          const candidates = list.filter((a) => a.from === from && a.to === to);
          const verdict = (a: Arrow): unknown => CONDITIONS[a.condition]?.[1](x);
          const sameEvent = (a: Arrow, b: Arrow): boolean =>
            a.event === b.event && a.automatic === b.automatic;
          // Those which the engine would take if asked for: nothing of the same event before them holds.
          const free = candidates.filter(
            (a, index) =>
              verdict(a) === true &&
              !waits(a) &&
              !candidates.slice(0, index).some((b) => sameEvent(a, b) && verdict(b) === true),
          );
          if (made === true) expect(free).not.toEqual([]);
          if (made === false) expect(free).toEqual([]);
          if (made === 'error') expect(candidates.map(verdict)).toContain('error');
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('validation and drawing never throw, and findings point into the definition', () => {
    fc.assert(
      fc.property(arrows, (list) => {
        const definition = definitionOf(list);
        for (const { path } of validateDefinition(definition)) {
          const target = path
            .split('/')
            .slice(1)
            .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], definition);
          expect(target).toBeDefined();
        }
        expect(StateMachine.from(definition).visualize().mermaid).toContain('[*] --> s0');
      }),
      { numRuns: 500 },
    );
  });

  it('what validation calls unreachable is what no walk reaches', () => {
    fc.assert(
      fc.property(arrows, (list) => {
        const reached = new Set([0]);
        for (let i = 0; i < 5; i++) {
          for (const { from, to } of list) if (reached.has(from)) reached.add(to);
        }
        const definition = definitionOf(list);
        definition.states.push({ name: 'end', final: 'completed' });
        const found = validateDefinition(definition)
          .filter(({ code }) => code === 'state.unreachable')
          .map(({ path }) => path);
        const expected = [0, 1, 2, 3, 4].filter((n) => !reached.has(n)).map((n) => `/states/${n}`);
        expect(found).toEqual([...expected, '/states/5']);
      }),
      { numRuns: 500 },
    );
  });
});
