import { describe, expect, it } from '@jest/globals';
import { ExpressionError } from '@countersign/expressions';
import type { JsonObject } from '@countersign/kernel';
import fc from 'fast-check';

import {
  type CompiledDefinition,
  compileDefinition,
  type CompiledTransition,
  type Finding,
  levelToEnter,
  parseDefinition,
  runActions,
  validateDefinition,
  type WorkflowDefinition,
} from '../index.js';
import { LEVELS, type PersonalLevel, satisfies } from './protection.js';

const STATES = ['s0', 's1', 's2', 's3', 's4'];
const CONDITIONS = [
  'context.x < 2',
  'context.x >= 2',
  'context.x == 1 || context.x == 3',
  'context.x in [0, 3]',
  'context.f',
  '!context.f',
  '!(context.f && context.x > 0)',
  'context.f && context.x > 0',
  'input.y == context.x',
  'has(context.x) && context.x != 2',
  'context.f == true || input.y > 1',
  'decimal(context.x) > decimal("1.5")',
  '1 < context.x && context.x < 3',
  'context.x < 2 ? context.f : !context.f',
  '[context.x].exists(v, v > 1)',
];
const VALUES = ['0', '1', '3', 'input.y', 'context.x == 3 ? 0 : context.x + 1'];

const state = fc.constantFrom(...STATES);
const action = fc.oneof(
  fc.record({ x: fc.constantFrom(...VALUES) }),
  fc.record({ f: fc.constantFrom('true', 'false', '!context.f') }),
);
const assign = action.map((values) => ({ type: 'assign' as const, values }));
const actions = fc.option(assign, { nil: undefined, freq: 3 });
const seldom = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: assign },
);
const policy = fc.option(
  fc.record(
    {
      level: fc.constantFrom('SINGLE', 'DUAL', 'COMMITTEE', 'AUTO'),
      quorum: fc.constantFrom(1, 2, 3),
      onRejected: fc.option(state, { nil: undefined }),
    },
    { requiredKeys: ['level', 'quorum'] },
  ),
  { nil: undefined },
);
const transition = fc.record({
  from: state,
  to: state,
  event: fc.constantFrom('e', 'f'),
  condition: fc.option(fc.constantFrom(...CONDITIONS), { nil: undefined, freq: 4 }),
  trigger: fc.constantFrom('manual', 'automatic', { after: 'PT1H' }, { signal: 'ping' }),
  action: actions,
  policy,
});
const machine = fc.record({
  transitions: fc.array(transition, { minLength: 2, maxLength: 12 }),
  entry: fc.array(actions, { minLength: 5, maxLength: 5 }),
  exit: fc.array(actions, { minLength: 5, maxLength: 5 }),
  timeouts: fc.array(fc.option(state, { nil: undefined, freq: 1 }), { minLength: 5, maxLength: 5 }),
  escalate: fc.option(state, { nil: undefined, freq: 1 }),
  protection: fc.array(
    fc.record({ state, level: fc.constantFrom('SINGLE', 'DUAL', 'COMMITTEE') }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** One state after the other, every step under a condition: ways exclude each other by what is known of the context. */
const corridor: typeof machine = fc
  .array(
    fc.tuple(transition, fc.constantFrom(...CONDITIONS), fc.integer({ min: -1, max: 1 }), seldom),
    { minLength: 4, maxLength: 7 },
  )
  .chain((steps) =>
    fc.record({
      transitions: fc.constant(
        steps.map(([each, condition, jump, changes], i) => ({
          ...each,
          condition,
          action: changes,
          from: STATES[i % 4] ?? 's0',
          to: STATES[Math.max(0, (i % 4) + (i < 4 ? 1 : jump))] ?? 's4',
          policy: undefined,
        })),
      ),
      entry: fc.array(seldom, { minLength: 5, maxLength: 5 }),
      exit: fc.constant([]),
      timeouts: fc.constant([]),
      escalate: fc.constant(undefined),
      protection: fc.constant([{ state: 's4', level: 'DUAL' as const }]),
    }),
  );
type Machine = typeof machine extends fc.Arbitrary<infer T> ? T : never;

function definitionOf(m: Machine, conditions: boolean): WorkflowDefinition {
  return parseDefinition({
    name: 'random',
    initial: 's0',
    states: STATES.map((name, i) => ({
      name,
      onEntry: m.entry[i],
      onExit: m.exit[i],
      timeout: m.timeouts[i] === undefined ? undefined : { after: 'PT2H', to: m.timeouts[i] },
    })),
    transitions: m.transitions.map(({ policy: asked, condition, trigger, ...rest }) => {
      const automatic =
        trigger === 'automatic' || (typeof trigger === 'object' && 'after' in trigger);
      const usable = conditions && !(automatic && condition?.includes('input'));
      const { level, quorum, onRejected } = asked ?? {};
      return {
        ...rest,
        trigger,
        condition: usable ? condition : undefined,
        requiresApproval: level && {
          level,
          onRejected,
          approvers: ['role:r'],
          quorum: level === 'COMMITTEE' ? quorum : undefined,
        },
      };
    }),
    timeout: m.escalate === undefined ? undefined : 'P1D',
    autoEscalate: m.escalate === undefined ? undefined : { to: m.escalate },
    protected: m.protection,
  });
}

const INPUTS: readonly JsonObject[] = [{}, { y: 0 }, { y: 1 }, { y: 2 }, { y: 3 }];
const CONTEXTS: readonly JsonObject[] = [
  {},
  { f: true },
  ...[0, 1, 2, 3].flatMap((x) => [true, false].map((f) => ({ x, f }))),
];

interface Here {
  readonly state: string;
  readonly context: JsonObject;
}

/** What an instance may do next, one step at a time, as the engine does it. */
function* next(
  definition: CompiledDefinition,
  here: Here,
  level: PersonalLevel,
  forcible: readonly string[],
): Generator<Here> {
  const take = (choose: () => CompiledTransition | undefined, input: JsonObject): Here[] => {
    const chosen = attempt(choose);
    if (chosen === undefined) return [];
    const { requiresApproval: asked, to, actions: done } = chosen;
    const ways: Here[] = [];
    if (!satisfies(asked, level)) ways.push(...move(definition, here, to, done, input));
    const onRejected = asked?.level === 'AUTO' ? undefined : asked?.onRejected;
    if (onRejected !== undefined) ways.push(...move(definition, here, onRejected, [], input));
    return ways;
  };
  const { state: at, context } = here;
  yield* take(() => definition.nextAutomatic(at, context), {});
  for (const { transition: timed } of definition.afterTransitions(at)) {
    yield* take(() => (timed.holds(context) ? timed : undefined), {});
  }
  for (const input of INPUTS) {
    for (const event of ['e', 'f']) {
      yield* take(() => chosenBy(definition.byEvent(at, event, context, input)), input);
    }
    yield* take(() => chosenBy(definition.bySignal(at, 'ping', context, input)), input);
  }
  const timeout = definition.timeoutOf(at);
  if (timeout) yield* move(definition, here, timeout.to, [], {});
  const whole = definition.overallTimeout?.then;
  if (typeof whole === 'object') yield* move(definition, here, whole.to, [], {});
  // By force, migration or reset, the context may become anything.
  for (const state of forcible) {
    for (const other of CONTEXTS) yield { state, context: other };
  }
}

type Choice = ReturnType<CompiledDefinition['byEvent']>;
const chosenBy = (choice: Choice): CompiledTransition | undefined =>
  'transition' in choice ? choice.transition : undefined;

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function move(
  definition: CompiledDefinition,
  { state: from, context }: Here,
  to: string,
  done: CompiledTransition['actions'],
  input: JsonObject,
): Here[] {
  const all = [...definition.exitActions(from), ...done, ...definition.entryActions(to)];
  const after = attempt(() => runActions(all, context, input).context);
  // An action that fails may stop the move, which is one way fewer; here it does not.
  return [{ state: to, context: after ?? context }];
}

/** Every state that some run gets to without an approval of a level, with the fewest steps. */
function slowly(definition: WorkflowDefinition, level: PersonalLevel): Map<string, number> {
  const compiled = compileDefinition(definition);
  const forcible = STATES.filter(
    (name) => LEVELS.indexOf(levelToEnter(definition, name)) < LEVELS.indexOf(level),
  );
  const seen = new Set<string>();
  const fewest = new Map<string, number>();
  let front: Here[] = CONTEXTS.map((context) => ({ state: 's0', context }));
  for (let steps = 0; front.length > 0; steps++) {
    const fresh = front.filter((here) => {
      const key = `${here.state} ${JSON.stringify([here.context['x'] ?? null, here.context['f'] ?? null])}`;
      return seen.size < seen.add(key).size;
    });
    for (const { state: reached } of fresh) {
      if (!fewest.has(reached)) fewest.set(reached, steps);
    }
    front = fresh.flatMap((here) => [...next(compiled, here, level, forcible)]);
  }
  return fewest;
}

const bypasses = (findings: readonly Finding[], path: string): Finding | undefined =>
  findings.find((finding) => finding.code.startsWith('approval.') && finding.path === path);

/** A way from the start to the state, over what the definition has, without an approval of that level. */
function expectRealWay(
  definition: WorkflowDefinition,
  { counterexample = [] }: Finding,
  { state: target, level }: { state: string; level: PersonalLevel },
): void {
  let at = definition.initial;
  for (const step of counterexample) {
    expect(step.from).toBe(at);
    at = step.to;
    const { timeout } = definition.states.find(({ name }) => name === step.from) ?? {};
    const real = definition.transitions.filter(
      (each) => each.from === step.from && each.event === step.event,
    );
    switch (step.by) {
      case 'transition':
        expect(
          real.some(
            ({ to, requiresApproval }) => to === step.to && !satisfies(requiresApproval, level),
          ),
        ).toBe(true);
        break;
      case 'rejection':
        expect(real.some((each) => each.requiresApproval?.onRejected === step.to)).toBe(true);
        break;
      case 'timeout':
        expect(timeout?.to).toBe(step.to);
        break;
      case 'escalation':
        expect(definition.autoEscalate).toEqual({ to: step.to });
        break;
      default:
        // Force, migration and reset never lead around an approval.
        expect(step.by).toBe('transition');
    }
  }
  expect(at).toBe(target);
}

describe('the approval-bypass proof, on random machines', () => {
  it.each([
    ['any', machine, 300, 40],
    ['narrow', corridor, 600, 40],
  ])(
    'finds whatever a slow search of all runs finds, and shows a way that exists: %s',
    (_name, shape, numRuns, least) => {
      let found = 0;
      let excluded = 0;
      fc.assert(
        fc.property(shape, (m) => {
          const definition = definitionOf(m, true);
          const findings = validateDefinition(definition);
          const protections = definition.protected ?? [];
          const levels = new Set(protections.map(({ level }) => level));
          const reached = new Map([...levels].map((level) => [level, slowly(definition, level)]));
          for (const [index, protection] of protections.entries()) {
            const finding = bypasses(findings, `/protected/${index}`);
            if (reached.get(protection.level)?.has(protection.state)) {
              found++;
              expect(finding).toMatchObject({ code: 'approval.bypass', severity: 'error' });
            } else if (finding === undefined) excluded++;
            if (finding !== undefined) expectRealWay(definition, finding, protection);
          }
        }),
        { numRuns },
      );
      // The machines are neither all open nor all closed.
      expect(found).toBeGreaterThan(least);
      expect(excluded).toBeGreaterThan(least);
    },
  );

  it('agrees with the slow search where there are no conditions, on the length of the way as well', () => {
    fc.assert(
      fc.property(machine, (m) => {
        const definition = definitionOf(m, false);
        const findings = validateDefinition(definition);
        for (const [index, { state: target, level }] of (definition.protected ?? []).entries()) {
          const finding = bypasses(findings, `/protected/${index}`);
          expect(finding?.counterexample?.length).toBe(slowly(definition, level).get(target));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('says that it is not proven, rather than nothing, when the bound is too low', () => {
    fc.assert(
      fc.property(machine, fc.nat(12), (m, bound) => {
        const definition = definitionOf(m, true);
        const findings = validateDefinition(definition, { bound });
        for (const [index, { state: target, level }] of (definition.protected ?? []).entries()) {
          const finding = bypasses(findings, `/protected/${index}`);
          if (!slowly(definition, level).has(target)) continue;
          expect(finding?.severity).toBe('error');
          expect(['approval.bypass', 'approval.not-proven']).toContain(finding?.code);
        }
      }),
      { numRuns: 80 },
    );
  });

  it('never lets force be a way around an approval', () => {
    fc.assert(
      fc.property(machine, (m) => {
        const definition = definitionOf(m, true);
        const forced = validateDefinition(definition).filter(({ counterexample = [] }) =>
          counterexample.some(({ by }) => by === 'force'),
        );
        expect(forced).toEqual([]);
        for (const name of STATES) {
          const rank = LEVELS.indexOf(levelToEnter(definition, name));
          for (const { state: target, level } of definition.protected ?? []) {
            if (target === name) expect(rank).toBeGreaterThanOrEqual(LEVELS.indexOf(level));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
