import { describe, expect, it } from '@jest/globals';

import {
  ENFORCED_POLICY_MEMBERS,
  parseDefinition,
  POLICY_MEMBERS,
  validateDefinition,
  type ValidationOptions,
  type WorkflowDefinitionInput,
} from './index.js';

type Transition = WorkflowDefinitionInput['transitions'][number];
type State = WorkflowDefinitionInput['states'][number];

/** Findings as `code path`, of a machine that is sound but for what is given. */
function findings(
  transitions: Transition[],
  states: State[] = [{ name: 'a' }, { name: 'b' }, { name: 'end', final: 'completed' }],
  rest: Partial<WorkflowDefinitionInput> = {},
  options?: ValidationOptions,
): string[] {
  const definition = parseDefinition({ name: 'test', initial: 'a', states, transitions, ...rest });
  return validateDefinition(definition, options).map(
    ({ code, path, severity }) => `${severity === 'error' ? '' : `${severity} `}${code} ${path}`,
  );
}

const go = (from: string, to: string, more: Partial<Transition> = {}): Transition => ({
  event: `${from}-${to}`,
  from,
  to,
  ...more,
});
const sound = [go('a', 'b'), go('b', 'end')];
const dual = { level: 'DUAL' as const, approvers: ['role:checker'] };

describe('validation', () => {
  it('finds nothing in a sound definition', () => {
    expect(findings(sound)).toEqual([]);
    expect(
      findings([go('a', 'b', { requiresApproval: dual }), go('b', 'end'), go('b', 'a')]),
    ).toEqual([]);
  });

  it('finds names that are used twice or stand for nothing', () => {
    expect(
      findings(
        [go('a', 'x'), go('y', 'end', { requiresApproval: { ...dual, onRejected: 'z' } })],
        [{ name: 'a' }, { name: 'end', final: 'completed' }, { name: 'a' }],
        {
          initial: 'i',
          contextSchema: [
            { name: 'f', type: 'any' },
            { name: 'f', type: 'any' },
          ],
        },
      ),
    ).toEqual([
      'state.duplicate /states/2/name',
      'context.duplicate-field /contextSchema/1/name',
      'state.unknown /initial',
      'state.unknown /transitions/0/to',
      'state.unknown /transitions/1/from',
      'state.unknown /transitions/1/requiresApproval/onRejected',
      'warning analysis.incomplete ',
    ]);
  });

  it('says what it left out because names are unclear, and checks the rest', () => {
    const definition = parseDefinition({
      name: 'test',
      initial: 'a',
      states: [{ name: 'a' }, { name: 'end', final: 'completed' }],
      transitions: [go('a', 'gone', { condition: '1 +' }), go('a', 'end'), go('b', 'c')],
    });
    const found = validateDefinition(definition);
    expect(found.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'state.unknown /transitions/0/to',
      'state.unknown /transitions/2/from',
      'state.unknown /transitions/2/to',
      'analysis.incomplete ',
      'condition.invalid /transitions/0/condition',
    ]);
    const { message } = found[3] ?? {};
    expect(message).toContain('ways around approvals');
    expect(message).toContain('unreachable states');
    expect(message).toContain('because of state.unknown at /transitions/0/to');
  });

  it('finds final states that go on', () => {
    expect(findings([...sound, go('end', 'b')])).toEqual(['final.has-transitions /states/2/final']);
  });

  it('finds states that are never reached, and states without a way to an end', () => {
    expect(findings([go('a', 'end')])).toEqual(['state.unreachable /states/1']);
    expect(findings([go('a', 'b'), go('a', 'end')])).toEqual(['state.dead-end /states/1']);
    expect(
      findings([go('a', 'b'), go('b', 'a')], [{ name: 'a' }, { name: 'b' }, { name: 'c' }]),
    ).toEqual(['final.missing /states', 'state.unreachable /states/2']);
  });

  it('counts a rejection as a way', () => {
    const rejectable = { requiresApproval: { ...dual, onRejected: 'b' } };
    expect(findings([go('a', 'end', rejectable), go('b', 'end')])).toEqual([
      'warning approval.bypass /states/2',
    ]);
    // At level AUTO there is nobody to reject.
    const automatic = { requiresApproval: { level: 'AUTO' as const, onRejected: 'b' } };
    expect(findings([go('a', 'end', automatic), go('b', 'end')])).toEqual([
      'state.unreachable /states/1',
      'warning approval.unused /transitions/0/requiresApproval',
    ]);
  });

  it('finds allowed transitions that disagree', () => {
    const states: State[] = [
      { name: 'a', allowedTransitions: ['end'] },
      { name: 'b', allowedTransitions: ['end'] },
      { name: 'end', final: 'completed', allowedTransitions: [] },
    ];
    expect(findings(sound, states)).toEqual([
      'state.allowed-transitions /states/0/allowedTransitions',
      'state.allowed-transitions /states/0/allowedTransitions',
    ]);
  });

  it('finds transitions that are never taken', () => {
    const first = go('a', 'b', { event: 'go' });
    const second = go('a', 'end', { event: 'go', condition: 'context.x' });
    expect(findings([second, first, go('b', 'end')])).toEqual([]);
    expect(findings([first, second, go('b', 'end')])).toEqual([
      'transition.shadowed /transitions/1',
    ]);
    const automatic = { trigger: 'automatic' } as const;
    expect(
      findings([go('a', 'b', automatic), go('a', 'end', automatic), go('b', 'end', automatic)]),
    ).toEqual(['transition.shadowed /transitions/1']);
    // A manual and an automatic one do not compete.
    expect(findings([go('a', 'b', automatic), go('a', 'b'), go('b', 'end')])).toEqual([]);
  });

  it('finds automatic circles', () => {
    const automatic = { trigger: 'automatic' } as const;
    const sometimes = { ...automatic, condition: 'context.again' };
    const out = go('b', 'end');
    expect(findings([go('a', 'b', automatic), go('b', 'a', automatic), out])).toEqual([
      'automatic.loop /states/0',
      'automatic.loop /states/1',
    ]);
    expect(findings([go('a', 'b', automatic), go('b', 'a', sometimes), out])).toEqual([
      'warning automatic.loop /states/0',
      'warning automatic.loop /states/1',
    ]);
    expect(findings([go('a', 'a', automatic), ...sound])).toContain('automatic.loop /states/0');
    const asking = { ...automatic, requiresApproval: { ...dual, onRejected: 'end' } };
    expect(findings([go('a', 'b', automatic), go('b', 'a', asking), out])).toEqual([]);
  });

  it('finds conditions that do not compile', () => {
    const condition = (text: string, trigger: 'manual' | 'automatic' = 'manual'): string[] =>
      findings([go('a', 'b', { condition: text, trigger }), go('b', 'end')]);
    const broken = ['condition.invalid /transitions/0/condition'];
    expect(condition('context.notional > 1000 && has(input.reason)')).toEqual([]);
    expect(condition('has(input.reason)', 'automatic')).toEqual(broken);
    expect(condition('context.notional >')).toEqual(broken);
    expect(condition('"yes"')).toEqual(broken);
    expect(condition('process.exit()')).toEqual(broken);
  });

  it('finds approvals that cannot come about', () => {
    const approval = (requiresApproval: Transition['requiresApproval'], more = {}): string[] =>
      findings([go('a', 'b', { requiresApproval, ...more }), go('b', 'end')]);
    const at = '/transitions/0/requiresApproval';
    expect(approval({ level: 'DUAL', approvers: ['ann', 'ann'] })).toEqual([
      `approval.quorum-unreachable ${at}`,
    ]);
    expect(approval({ level: 'COMMITTEE', quorum: 3, approvers: ['ann', 'bob'] })).toEqual([
      `approval.quorum-unreachable ${at}`,
    ]);
    expect(approval({ level: 'COMMITTEE', quorum: 3, approvers: ['ann', 'group:risk'] })).toEqual(
      [],
    );
    expect(approval(dual, { trigger: 'automatic' })).toEqual([`approval.asked-again ${at}`]);
    expect(approval({ level: 'AUTO', approvers: ['ann'] })).toEqual([
      `warning approval.unused ${at}`,
    ]);
  });

  it('finds roles that nobody needs', () => {
    expect(
      findings([go('a', 'b', { trigger: 'automatic', roles: ['x'] }), go('b', 'end')]),
    ).toEqual(['transition.roles-unused /transitions/0/roles']);
  });

  it('copes with as much as the schema takes', () => {
    const count = 1_000;
    const states: State[] = Array.from({ length: count }, (_, i) => ({ name: `s${i}` }));
    states.push({ name: 'end', final: 'completed' });
    states.shift();
    states[0] = { name: 'a' };
    const names = states.map(({ name }) => name);
    const transitions = names.slice(0, -1).flatMap((from, i) =>
      Array.from({ length: 5 }, (_, k) =>
        go(from, names[Math.min(i + 1 + k, names.length - 1)] ?? '', {
          event: `e${k}`,
          condition: `context.x == ${i * 5 + k}`,
          trigger: 'automatic',
        }),
      ),
    );
    const start = performance.now();
    const found = findings(transitions, states);
    expect(found.filter((each) => !/condition\.(gap|overlap)/.test(each))).toEqual([]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('what is not carried out', () => {
  const at = '/transitions/0/requiresApproval';
  const asking = (requiresApproval: Transition['requiresApproval'], policy: readonly string[]) =>
    findings(
      [go('a', 'b', { requiresApproval }), go('b', 'end')],
      undefined,
      {},
      { supports: { policy } },
    );

  it('is nothing of a policy', () => {
    expect([...ENFORCED_POLICY_MEMBERS].sort()).toEqual([...POLICY_MEMBERS].sort());
  });

  it('is refused, member by member', () => {
    const some = ['level', 'quorum', 'approvers'];
    expect(
      asking(
        {
          ...dual,
          rejection: { count: 2 },
          expiry: { after: 'PT1H', outcome: 'reject' },
          breakGlass: ['role:head'],
        },
        some,
      ),
    ).toEqual([
      `approval.not-enforced ${at}/rejection`,
      `approval.not-enforced ${at}/expiry`,
      `approval.not-enforced ${at}/breakGlass`,
    ]);
    const committee = { level: 'COMMITTEE' as const, approvers: ['role:risk'] };
    expect(asking({ ...committee, quorum: { percent: 50 } }, some)).toEqual([
      `approval.not-enforced ${at}/quorum/percent`,
    ]);
    expect(asking({ ...committee, quorum: 2, rejection: 'any', abstain: false }, some)).toEqual([]);
    const stages = [{ name: 'one', level: 'SINGLE' as const, approvers: ['role:risk'] }];
    expect(asking({ stages }, some)).toEqual([`approval.not-enforced ${at}/stages`]);
  });

  it('passes once it is said to be supported', () => {
    const transitions = [
      go('a', 'b', {
        requiresApproval: { ...dual, reminders: ['PT1H'] },
        action: [{ type: 'pipeline', pipeline: 'settle' }],
      }),
      go('b', 'end'),
    ];
    expect(findings(transitions)).toEqual(['action.not-supported /transitions/0/action/0']);
    const supports = { actions: ['assign', 'emit', 'pipeline'] as const };
    expect(findings(transitions, undefined, {}, { supports })).toEqual([]);
  });
});
