import { AppError, fold, type JsonObject } from '@countersign/kernel';
import type { WorkflowDefinitionInput } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compile, TestInstance } from '../../../test/test-instance.js';
import { workflowAggregate } from './state.js';

const names = ['s0', 's1', 's2', 's3', 's4'] as const;
const name = fc.constantFrom(...names);
const condition = fc.constantFrom(
  undefined,
  'context.n > 2',
  'context.n <= 2',
  'context.missing > 1',
  'context.flag',
);
const action = fc.constantFrom(
  undefined,
  { type: 'assign' as const, values: { n: 'context.n + 1' } },
  { type: 'assign' as const, values: { flag: '!context.flag' } },
  { type: 'assign' as const, values: { n: 'context.missing' } },
  { type: 'emit' as const, event: 'told', payload: { n: 'context.n' } },
);
const approval = fc.constantFrom(
  undefined,
  { level: 'SINGLE' as const, approvers: ['erin'] },
  { level: 'DUAL' as const, approvers: ['group:four'], onRejected: 's4' },
);
const trigger = fc.constantFrom('manual', 'automatic', { after: 'PT1H' }, { signal: 'ping' });

const state = (of: string) =>
  fc.record({
    onEntry: action,
    timeout: fc.option(fc.record({ after: fc.constant('PT2H'), to: name }), { nil: undefined }),
    name: fc.constant(of),
  });

const transition = fc.record({
  event: fc.constantFrom('a', 'b'),
  from: fc.constantFrom(...names.slice(0, -1)),
  to: name,
  trigger,
  condition,
  action,
  requiresApproval: approval,
});

const definitions = fc
  .record({
    states: fc.tuple(...names.slice(0, -1).map(state)),
    transitions: fc.array(transition, { minLength: 1, maxLength: 10 }),
    timeout: fc.constantFrom(undefined, 'PT9H'),
    autoEscalate: fc.constantFrom(undefined, true, { to: 's4' }),
  })
  .map(({ states, ...rest }): WorkflowDefinitionInput => {
    const defined = { ...rest, name: 'random', initial: 's0' };
    const all = [...states, { name: 's4', final: 'completed' }];
    // Members that are undefined are absent.
    return JSON.parse(JSON.stringify({ ...defined, states: all })) as WorkflowDefinitionInput;
  });

type Command = (instance: TestInstance) => void;
const commands: Record<string, Command> = {
  a: (instance) => {
    instance.fire('a', { n: 1 });
  },
  b: (instance) => {
    instance.fire('b');
  },
  ping: (instance) => {
    instance.signal('ping', { n: 5 }, 3_600_000);
  },
  granted: (instance) => {
    instance.settle('granted');
  },
  rejected: (instance) => {
    instance.settle('rejected');
  },
  hour: (instance) => {
    instance.wait(3_600_000);
  },
  pause: (instance) => {
    instance.pause();
  },
  resume: (instance) => {
    instance.resume();
  },
  retry: (instance) => {
    instance.retry();
  },
  force: (instance) => {
    instance.intervene({ kind: 'force', to: 's2' });
  },
  cancel: (instance) => {
    instance.cancel();
  },
};
const script = fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 25 });

const start = (definition: WorkflowDefinitionInput): TestInstance | undefined => {
  const instance = new TestInstance(compile(definition));
  return ran(() => {
    instance.start({ n: 0, flag: false });
  })
    ? instance
    : undefined;
};

/** Whether a command was taken; a refusal is fine, anything else is not. */
const ran = (act: () => void): boolean => {
  try {
    act();
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(['rule', 'forbidden', 'invalid']).toContain(error.kind);
    return false;
  }
};

describe('the life of any instance', () => {
  it('stays within its states, skips no approval, and is the same when it is told again', () => {
    fc.assert(
      fc.property(definitions, script, (definition, steps) => {
        const instance = start(definition);
        if (!instance) return;
        for (const step of steps) {
          const { events } = instance;
          const before = events.length;
          const was = instance.state;
          const taken = ran(() => commands[step]?.(instance));
          if (!taken) expect(events).toHaveLength(before);
          if (was.status !== 'ACTIVE' && was.status !== 'PAUSED')
            expect(events).toHaveLength(before);
        }
        mustFollow(definition, instance);
      }),
      { numRuns: 400 },
    );
  });
});

/** Every move is one that the definition has, and every approval that it asks for was given. */
function mustFollow({ transitions, states }: WorkflowDefinitionInput, instance: TestInstance) {
  const known = new Set(states.map((each) => each.name));
  const asked = new Map<string, { event: string; from: string; to: string }>();
  let at = 's0';
  let context: JsonObject = { n: 0, flag: false };
  for (const event of instance.events) {
    if (event.type === 'workflow.context-changed') context = { ...context, ...event.data.changes };
    if (event.type === 'workflow.transition-requested') {
      asked.set(event.data.approvalId, event.data);
    }
    if (event.type !== 'workflow.transitioned') continue;
    const { from, to, event: what, trigger: by, approvalId, approvalOutcome } = event.data;
    expect(from).toBe(at);
    expect(known.has(to)).toBe(true);
    at = to;
    if (by === 'force') {
      expect(approvalOutcome).toBe('granted');
      continue;
    }
    if (by === 'timeout' || by === 'escalation') {
      expect(what).toBe('timeout');
      continue;
    }
    if (approvalOutcome === 'rejected') {
      expect(to).toBe('s4');
      continue;
    }
    const ways = transitions.filter(
      (way) => way.event === what && way.from === from && way.to === to,
    );
    expect(ways).not.toHaveLength(0);
    if (approvalId === undefined) {
      expect(ways.some((way) => way.requiresApproval === undefined)).toBe(true);
    } else {
      expect(approvalOutcome).toBe('granted');
      expect(asked.get(approvalId)).toMatchObject({ event: what, from, to });
    }
  }
  const again = fold(workflowAggregate, instance.events);
  expect(again).toEqual(instance.folded);
  expect(again).toMatchObject({ state: at, context });
}
