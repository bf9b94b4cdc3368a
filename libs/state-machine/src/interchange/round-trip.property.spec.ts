import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createMachine } from 'xstate';

import {
  durationMs,
  fromMermaid,
  fromXState,
  parseDefinition,
  toMermaid,
  toXState,
  type TransitionTrigger,
  type Unmapped,
  visualize,
  type WorkflowDefinition,
} from '../index.js';

const NAMES = ['open', 'in.review', 'end', 'state', 'done-1', 'Note_2'];
const name = fc.constantFrom(...NAMES);
const event = fc.constantFrom('go', 'a.b', 'constructor', 'note', 'end', 'x--y');
const duration = fc.constantFrom('PT1S', 'PT90M', 'P2DT3H', 'P1W', 'PT0.5S');
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('"quoted"', '(x)', 'a\nb'),
);
const condition = fc.constantFrom(
  'context.a > 1 && context.b[0] == "x;y:z"',
  'context["k]"] != "#35; / é\\n"',
  'true',
);
const map = fc.dictionary(fc.constantFrom('x', 'y'), fc.constant('context.a'), { maxKeys: 2 });
const action = fc.oneof(
  fc.record({ type: fc.constant('assign' as const), values: map }),
  fc.record({ type: fc.constant('emit' as const), event, payload: map }),
  fc.record({ type: fc.constant('pipeline' as const), pipeline: fc.constant('clean'), input: map }),
);
const actions = fc.array(action, { minLength: 1, maxLength: 3 });
const trigger: fc.Arbitrary<TransitionTrigger> = fc.oneof(
  fc.constant('manual' as const),
  fc.constant('automatic' as const),
  duration.map((after) => ({ after })),
  name.map((signal) => ({ signal })),
);
const optional = { requiredKeys: [] };

const state = fc.record(
  {
    description: text,
    final: fc.constantFrom('completed' as const, 'failed' as const, 'cancelled' as const),
    onEntry: actions,
    onExit: actions,
    timeout: fc.record({ after: duration, to: name }),
    invoke: fc.constant({ template: 'other', context: {} }),
    allowedTransitions: fc.constant(['open']),
  },
  optional,
);
const transition = fc
  .tuple(
    fc.record({ event, from: name, to: name, trigger }),
    fc.record(
      {
        description: text,
        condition,
        action: actions,
        roles: fc.constant(['trader']),
        requiresApproval: fc.constant({
          level: 'DUAL' as const,
          approvers: ['role:r'],
          onRejected: 'open',
        }),
      },
      optional,
    ),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

const definition: fc.Arbitrary<WorkflowDefinition> = fc
  .tuple(
    fc.record({ initial: name, transitions: fc.array(transition, { maxLength: 12 }) }),
    fc.tuple(...NAMES.map(() => state)),
    fc.record(
      {
        title: fc.constant('Title'),
        description: text,
        timeout: duration,
        autoEscalate: fc.constant({ to: 'end' }),
        protected: fc.constant([{ state: 'end', level: 'DUAL' as const }]),
        administrators: fc.constant(['ann']),
        contextSchema: fc.constant([{ name: 'a', type: 'any' as const }]),
      },
      optional,
    ),
  )
  .map(([required, states, rest]) =>
    parseDefinition({
      name: 'random',
      ...required,
      ...rest,
      states: states.map((each, index) => ({ name: NAMES[index], ...each })),
    }),
  );

/** The definition without the places that are named. */
function without(original: WorkflowDefinition, unmapped: readonly Unmapped[]): WorkflowDefinition {
  const copy = structuredClone(original);
  for (const { path } of unmapped) {
    const keys = path.split('/').slice(1);
    let parent: unknown = copy;
    for (const key of keys.slice(0, -1)) parent = (parent as Record<string, unknown>)[key];
    expect(Reflect.deleteProperty(parent as object, keys.at(-1) ?? '')).toBe(true);
  }
  return parseDefinition(copy);
}

/** In one order, of which only that among competing transitions means something; times in milliseconds. */
function canonical(original: WorkflowDefinition): unknown {
  const time = (after: string): number => durationMs(after);
  const transitions = original.transitions.map(({ trigger: by, ...rest }) => ({
    ...rest,
    trigger: typeof by === 'object' && 'after' in by ? { after: time(by.after) } : by,
  }));
  const key = (each: (typeof transitions)[number]): string => {
    const { trigger: by } = each;
    const group = typeof by === 'string' ? by : JSON.stringify(by);
    return `${each.from} ${group} ${by === 'manual' ? each.event : ''}`;
  };
  return {
    ...original,
    states: original.states.map(({ timeout, ...rest }) => ({
      ...rest,
      ...(timeout === undefined ? {} : { timeout: { ...timeout, after: time(timeout.after) } }),
    })),
    // Stable: those with the same key stay in their order.
    transitions: transitions.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)),
  };
}

describe('a definition comes back, but for what is named as unmapped,', () => {
  it('from XState, which takes it', () => {
    fc.assert(
      fc.property(definition, (original) => {
        const { config, unmapped } = toXState(original);
        const back = fromXState(JSON.parse(JSON.stringify(config)));
        expect(back.unmapped).toEqual([]);
        expect(canonical(parseDefinition(back.definition))).toEqual(
          canonical(without(original, unmapped)),
        );
        const machine = createMachine(config as never);
        expect(Object.keys(machine.states).sort()).toEqual([...NAMES].sort());
        for (const { event: type, from, to, trigger: by } of original.transitions) {
          if (by !== 'manual') continue;
          const candidates = machine.states[from]?.transitions.get(type) ?? [];
          expect(candidates.flatMap(({ target }) => target?.map(({ key }) => key))).toContain(to);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('from Mermaid', () => {
    fc.assert(
      fc.property(definition, (original) => {
        const { text: diagram, unmapped } = toMermaid(original);
        const { definition: back } = fromMermaid(diagram);
        expect(canonical(parseDefinition(back))).toEqual(canonical(without(original, unmapped)));
      }),
      { numRuns: 100 },
    );
  });

  it('or is refused for its place, never worse', () => {
    const pieces = fc.constantFrom(
      'stateDiagram-v2',
      'a --> b',
      'a --> b : go [x',
      '[*] --> a',
      'b --> [*]',
      'state c {',
      '}',
      '--',
      'note right of a',
      'end note',
      'state "x" as y',
      'state d <<fork>>',
      'direction LR',
      'a: text',
      '---',
      'title: x',
      '%% c',
      'a --> ',
      ':::',
      'classDef x fill:#f00',
      '',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), (lines) => {
        try {
          const { definition: back } = fromMermaid(['stateDiagram-v2', ...lines].join('\n'));
          expect(visualize(parseDefinition(back)).nodes).toHaveLength(back.states.length);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'invalid', code: 'mermaid.malformed' });
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map((states) => ({ states })),
        ),
        (json) => {
          try {
            parseDefinition(fromXState(json).definition);
          } catch (error) {
            expect(error).toMatchObject({ kind: 'invalid', code: 'xstate.malformed' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
