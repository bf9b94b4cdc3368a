import { describe, expect, it } from '@jest/globals';

import {
  parseDefinition,
  parseDirectory,
  type ValidationOptions,
  validateDefinition,
  type WorkflowDefinitionInput,
} from './index.js';

type Transition = WorkflowDefinitionInput['transitions'][number];
type Policy = NonNullable<Transition['requiresApproval']>;

const AT = '/transitions/0/requiresApproval';
const dual: Policy = { level: 'DUAL', approvers: ['group:desk'] };

/** Findings about the policy of a machine that is sound but for it: `severity code path`, the path from the policy on. */
function findings(...of: Parameters<typeof found>): string[] {
  return found(...of).map(
    ({ severity, code, path }) => `${severity} ${code} ${path.slice(AT.length)}`,
  );
}

function found(
  requiresApproval: Policy,
  options: ValidationOptions = {},
  transition: Partial<Transition> = {},
  timeout?: string,
) {
  const definition = parseDefinition({
    name: 'test',
    initial: 'a',
    contextSchema: [
      { name: 'notional', type: 'decimal' },
      { name: 'legs', type: 'list' },
    ],
    states: [
      { name: 'a', ...(timeout === undefined ? {} : { timeout: { after: timeout, to: 'end' } }) },
      { name: 'b' },
      { name: 'end', final: 'completed' },
    ],
    transitions: [
      { event: 'ask', from: 'a', to: 'b', requiresApproval, ...transition },
      { event: 'finish', from: 'b', to: 'end' },
      { event: 'return', from: 'b', to: 'a' },
    ],
  });
  return validateDefinition(definition, options).filter(({ path }) => path.startsWith(AT));
}

const person = (id: string, ...groups: string[]) => ({ id, name: id, groups });
const directory = parseDirectory({
  people: [
    person('ann', 'desk'),
    person('bob', 'desk'),
    person('cat', 'desk'),
    person('dan', 'desk', 'senior'),
    person('eve', 'risk', 'senior'),
    person('fay', 'risk'),
  ],
  calendars: [
    {
      name: 'london',
      timeZone: 'Europe/London',
      hours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' }],
    },
    {
      name: 'seldom',
      timeZone: 'Europe/London',
      hours: [{ days: ['mon'], from: '08:00', to: '08:01' }],
    },
  ],
});

describe('times of a policy', () => {
  const head = ['role:head'];
  const reject = (after: string) => ({ after, outcome: 'reject' as const });

  it.each<[string, Partial<Policy>, string[]]>([
    [
      'come before the expiry',
      {
        expiry: reject('P2D'),
        reminders: ['P1D'],
        escalation: [{ after: 'PT47H', approvers: head }],
      },
      [],
    ],
    [
      'that come with it or after it',
      {
        expiry: reject('P1D'),
        reminders: ['PT1H', 'PT24H'],
        escalation: [{ after: 'P2D', approvers: head }],
      },
      [
        'error approval.after-expiry /reminders/1',
        'error approval.after-expiry /escalation/0/after',
      ],
    ],
    [
      'in a calendar, where a working day may have less than eight hours, and more',
      { expiry: reject('P1D'), reminders: ['PT8H'], calendar: 'london' },
      [],
    ],
    [
      'in a calendar, where a week has a working day at least',
      { expiry: reject('P1DT1H'), reminders: ['P1DT1H', 'P1WT1H', 'P1W'], calendar: 'london' },
      ['error approval.after-expiry /reminders/0', 'error approval.after-expiry /reminders/1'],
    ],
    [
      'in a calendar, where it has seven at most',
      { expiry: reject('P1W'), reminders: ['P6D', 'P7D'], calendar: 'london' },
      ['error approval.after-expiry /reminders/1'],
    ],
    [
      'after an expiry that leaves it open',
      {
        expiry: { after: 'P1D', outcome: 'escalate' },
        reminders: ['P2D'],
        escalation: [{ after: 'PT1H', approvers: head }],
      },
      [],
    ],
    [
      'of an expiry with nobody to escalate to',
      { expiry: { after: 'P1D', outcome: 'escalate' } },
      ['error approval.no-escalation /expiry/outcome'],
    ],
    [
      'of tiers that overtake one another',
      {
        escalation: [
          { after: 'P2D', approvers: head },
          { after: 'P1D', approvers: head },
        ],
      },
      ['error approval.escalation-order /escalation/1/after'],
    ],
    [
      'of tiers that are asked together',
      {
        escalation: [
          { after: 'P1D', approvers: head },
          { after: 'P1D', approvers: ['ann'] },
        ],
      },
      [],
    ],
  ])('%s', (_name, policy, expected) => {
    expect(findings({ ...dual, ...policy })).toEqual(expected);
  });

  it('after which an automatic transition is an incident, and asked for again by a retry', () => {
    const policy = (outcome: 'reject' | 'cancel') =>
      ({ ...dual, expiry: { after: 'P1D', outcome }, onRejected: 'end' }) as const;
    const expiring = (outcome: 'reject' | 'cancel', trigger: 'manual' | 'automatic') =>
      findings(policy(outcome), {}, { trigger });
    const [finding] = found(policy('cancel'), {}, { trigger: 'automatic' });
    expect(finding?.message).toMatch(/incident .*until somebody retries it/);
    expect(expiring('cancel', 'automatic')).toEqual([
      'warning approval.asked-again /expiry/outcome',
    ]);
    expect(expiring('cancel', 'manual')).toEqual([]);
    expect(expiring('reject', 'automatic')).toEqual([]);
  });

  it('that come when the state has been left', () => {
    const policy = { ...dual, expiry: reject('P3D'), reminders: ['P1D', 'P2D'] };
    expect(findings(policy, {}, {}, 'P2D')).toEqual([
      'warning approval.after-timeout /expiry/after',
      'warning approval.after-timeout /reminders/1',
    ]);
  });

  it('in a calendar that nobody knows, or that has too little time', () => {
    const inCalendar = (calendar: string, options = {}) =>
      findings({ ...dual, calendar, expiry: reject('PT8760H') }, options);
    expect(inCalendar('paris')).toEqual([]);
    expect(inCalendar('london', { directory })).toEqual([]);
    expect(inCalendar('paris', { directory })).toEqual([
      'error approval.unknown-calendar /calendar',
    ]);
    expect(inCalendar('seldom', { directory })).toEqual([
      'error approval.calendar-out-of-reach /calendar',
    ]);
  });
});

describe('rejections', () => {
  const CODE = 'approval.rejection-unreachable';
  const unreachable = (...of: Parameters<typeof findings>) =>
    findings(...of).filter((finding) => finding.includes(CODE));

  it.each<[string, Policy, string[]]>([
    ['enough', { ...dual, rejection: { count: 4 } }, []],
    [
      'more than there are people',
      { ...dual, rejection: { count: 5 } },
      [`error ${CODE} /rejection`],
    ],
    [
      'enough with those whom escalation adds',
      {
        ...dual,
        rejection: { count: 6 },
        escalation: [{ after: 'P1D', approvers: ['group:risk'] }],
      },
      [],
    ],
    ['vetoes', { ...dual, rejection: { veto: ['group:senior'] } }, []],
    [
      'vetoes of people who are not asked',
      { ...dual, rejection: { veto: ['eve', 'group:risk'] } },
      [`error ${CODE} /rejection`],
    ],
    [
      'vetoes of some who are not asked',
      { ...dual, rejection: { veto: ['eve', 'dan'] } },
      [`warning ${CODE} /rejection/veto/0`],
    ],
    [
      'vetoes of people who are asked later',
      { ...dual, rejection: { veto: ['eve'] }, escalation: [{ after: 'P1D', approvers: ['eve'] }] },
      [],
    ],
    [
      'vetoes of people outside of the stage',
      {
        stages: [
          { name: 'one', level: 'SINGLE', approvers: ['group:risk', 'dan'] },
          {
            name: 'two',
            level: 'SINGLE',
            approvers: ['group:desk'],
            within: ['ann', 'bob', 'cat'],
            rejection: { veto: ['group:senior'] },
          },
        ],
      },
      [`error ${CODE} /stages/1/rejection`],
    ],
  ])('%s', (_name, policy, expected) => {
    expect(unreachable(policy, { directory })).toEqual(expected);
  });

  it('are told without a directory as far as that goes', () => {
    const people = ['ann', 'bob', 'cat'];
    const of = (rejection: Policy['rejection']) =>
      unreachable({ level: 'DUAL', approvers: people, rejection });
    expect(of({ count: 3 })).toEqual([]);
    expect(of({ count: 4 })).toEqual([`error ${CODE} /rejection`]);
    expect(of({ veto: ['dan'] })).toEqual([`error ${CODE} /rejection`]);
    expect(of({ veto: ['dan', 'group:senior'] })).toEqual([`warning ${CODE} /rejection/veto/0`]);
    expect(unreachable({ ...dual, rejection: { veto: ['role:head'] } })).toEqual([]);
  });
});

describe('people', () => {
  it('within a stage are fewer than it names', () => {
    const stage = {
      name: 'one',
      level: 'DUAL' as const,
      approvers: ['group:desk'],
      within: ['dan'],
    };
    const expected = ['error approval.quorum-unreachable /stages/0'];
    expect(findings({ stages: [stage] }, { directory })).toEqual(expected);
    expect(findings({ stages: [stage] })).toEqual(expected);
  });

  it('whom escalation adds do not make a quorum before they are asked', () => {
    const policy = {
      ...dual,
      approvers: ['eve'],
      escalation: [{ after: 'P1D', approvers: ['group:desk'] }],
    };
    const expected = ['error approval.quorum-unreachable '];
    expect(findings(policy, { directory })).toEqual(expected);
    expect(findings(policy)).toEqual(expected);
  });

  it('of a percentage are those who are named when the stage opens, whoever asks', () => {
    const all = (percent: number): Policy => ({
      level: 'COMMITTEE',
      quorum: { percent },
      approvers: ['group:desk'],
    });
    expect(findings(all(50), { directory })).toEqual([]);
    expect(findings(all(100), { directory })).toEqual(['warning approval.quorum-unreachable ']);
  });

  it('are looked for wherever they are named', () => {
    expect(
      findings(
        {
          breakGlass: ['group:nobody', 'dan'],
          stages: [
            {
              name: 'one',
              level: 'SINGLE',
              approvers: ['group:desk'],
              rejection: { veto: ['zoe', 'dan'] },
            },
          ],
        },
        { directory },
      ),
    ).toEqual([
      'warning approval.rejection-unreachable /stages/0/rejection/veto/0',
      'warning approval.unknown-approver /stages/0/rejection/veto/0',
      'warning approval.unknown-approver /breakGlass/0',
    ]);
  });
});

describe('material fields', () => {
  it.each([
    '/context',
    '/context/notional',
    '/context/undeclared/member',
    '/context/legs/0',
    '/transition/input/limit',
    '/businessKey',
  ])('may be in what is approved: %s', (pointer) => {
    expect(findings({ ...dual, material: [pointer] })).toEqual([]);
  });

  it.each([
    '/notional',
    '/context/notional/value',
    '/context/legs/length',
    '/transition/state',
    '/workflowId/0',
  ])('cannot be in it: %s', (pointer) => {
    expect(findings({ ...dual, material: ['/context', pointer] })).toEqual([
      'error approval.material-unknown /material/1',
    ]);
  });
});

describe('the meaning of a signature', () => {
  it.each(['\u200b', 'approved \u202eton', 'approved\u0007'])('is not %j', (meaning) => {
    expect(findings({ ...dual, signature: { meaning } })).toEqual([
      'error approval.unreadable-meaning /signature/meaning',
    ]);
  });

  it('is what a person can read', () => {
    expect(findings({ ...dual, signature: { meaning: 'reviewed and approved' } })).toEqual([]);
  });
});

describe('level AUTO', () => {
  const rule = 'subject.context.notional < 5';

  it('has a rule that is a condition over the subject', () => {
    expect(findings({ level: 'AUTO', rule, onRejected: 'end' })).toEqual([]);
    for (const bad of ['context.notional < 5', 'subject.context.', '"yes"']) {
      expect(findings({ level: 'AUTO', rule: bad })).toEqual(['error expression.invalid /rule']);
    }
  });

  it('asks nobody, so that nothing is for people', () => {
    const policy: Policy = { level: 'AUTO', rule, abstain: true, breakGlass: ['ann'] };
    expect(findings(policy)).toEqual(['warning approval.unused ']);
    expect(findings({ level: 'AUTO', onRejected: 'end' })).toEqual(['warning approval.unused ']);
  });

  it('has a rejection of its own, which must not ask again', () => {
    const automatic = { trigger: 'automatic' as const };
    expect(findings({ level: 'AUTO', rule }, {}, automatic)).toEqual([
      'error approval.asked-again ',
    ]);
    expect(findings({ level: 'AUTO', rule, onRejected: 'end' }, {}, automatic)).toEqual([]);
  });
});
