import { describe, expect, it } from '@jest/globals';

import { ApprovalPolicy, Calendar, describePolicy, POLICY_MEMBERS } from './index.js';

const london = Calendar.parse({
  name: 'london',
  timeZone: 'Europe/London',
  hours: [{ days: ['mon'], from: '08:00', to: '18:00' }],
});
const words = (policy: object, calendar?: Calendar) =>
  describePolicy(ApprovalPolicy.parse(policy), calendar);

const dual = { level: 'DUAL', approvers: ['group:risk', 'ann'] };
const committee = { level: 'COMMITTEE', quorum: 2, approvers: ['group:risk'] };
const automatic = { level: 'AUTO', rule: 'subject.context.notional < 5' };
const staged = {
  stages: [
    { name: 'desk', level: 'SINGLE', approvers: ['role:desk-head'] },
    {
      name: 'risk',
      level: 'COMMITTEE',
      quorum: 2,
      approvers: ['group:risk', 'group:legal', 'zoe'],
      within: ['role:officer'],
      rejection: { veto: ['role:chief'] },
    },
  ],
};
const full = {
  ...dual,
  rejection: { count: 2 },
  abstain: true,
  expiry: { after: 'P2D', outcome: 'reject' },
  reminders: ['PT4H', 'P1D'],
  escalation: [{ after: 'P1D', approvers: ['role:head'] }],
  calendar: 'london',
  material: ['/context/notional', '/context/currency'],
  signature: { meaning: 'reviewed and approved' },
  breakGlass: ['role:chief'],
  within: ['group:desk'],
  mayBeWeakened: true,
  auditRefusals: true,
  onRejected: 'rejected',
};

describe('a policy in words', () => {
  it('says who has to approve', () => {
    expect(words(dual)).toBe(
      'Two different people of group:risk or ann, rejected by the first rejection; never by whoever asked or edited; a change of anything voids what was decided.',
    );
    expect(words({ ...committee, quorum: { percent: 50 } })).toMatch(
      /^50 percent of the people of group:risk, /,
    );
  });

  it('says the stages one after another', () => {
    expect(words(staged)).toBe(
      'Stage desk: one person of role:desk-head, rejected by the first rejection; then stage risk: 2 different people of group:risk, group:legal or zoe, who must be of role:officer as well, rejected by the first rejection of role:chief; never by whoever asked or edited; a change of anything voids what was decided.',
    );
  });

  it('says that nobody is asked', () => {
    expect(words({ level: 'AUTO' })).toBe('Approved at once: nobody is asked.');
    expect(words(automatic)).toBe(
      'Approved at once: nobody is asked; rejected unless subject.context.notional < 5.',
    );
  });

  it('says all of it', () => {
    expect(words(full, london)).toBe(
      'Two different people of group:risk or ann, rejected by 2 rejections; never by whoever asked or edited; all of them of group:desk as well; abstaining is allowed; signed as "reviewed and approved" by those who signed in at most PT5M before; a change of /context/notional and /context/currency voids what was decided; reminders after PT4H and P1D; role:head asked as well after P1D; expires after P2D: rejected; all times in calendar london (Europe/London); a rejection leads to rejected; role:chief may override in an emergency, which is reviewed; refused decisions are recorded; an instance may ask for less.',
    );
    expect(words(full)).toContain(
      'all times in calendar london (not in the directory: every hour counts)',
    );
  });

  it('leaves no member unsaid', () => {
    const said = (policy: Record<string, unknown>) =>
      Object.keys(policy).filter((member) => {
        const { [member]: _left, ...rest } = policy;
        const without = ApprovalPolicy.safeParse(rest);
        return !without.success || describePolicy(without.data) !== words(policy);
      });
    const members = [full, committee, automatic, staged].flatMap(said);
    const all = POLICY_MEMBERS.filter((member) => member !== 'quorum/percent');
    expect([...new Set(members)].sort()).toEqual([...all].sort());
  });
});
