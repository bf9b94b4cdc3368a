import type { ApprovalEvent } from '@countersign/contracts';
import { derivedId } from '@countersign/kernel';
import type { ApprovalPolicy } from '@countersign/state-machine';
import fc from 'fast-check';

import { approval, AT, HASH, vote } from './approval-events.js';

const policy: ApprovalPolicy = {
  approvers: [],
  within: ['group:staff'],
  stages: [
    { name: 'desk', level: 'DUAL', approvers: ['group:desk', 'bob'] },
    { name: 'risk', level: 'COMMITTEE', quorum: { percent: 50 }, approvers: ['role:risk'] },
  ],
  reminders: ['PT1H', 'PT2H'],
  escalation: [{ after: 'PT3H', approvers: ['erin'] }],
};

export const staged: ApprovalEvent = {
  type: 'approval.requested',
  data: {
    ...approval,
    requester: 'alice',
    editors: ['ed'],
    policy,
    required: 2,
    subject: { a: 1 },
    subjectHash: HASH,
    deadlines: {
      expiresAt: '2026-01-05T00:00:00.000Z',
      reminders: ['2026-01-03T01:00:00.000Z', '2026-01-03T02:00:00.000Z'],
      escalations: ['2026-01-03T03:00:00.000Z'],
    },
  },
};

const STEPS = [
  ...['decide', 'decide', 'decide', 'decide', 'revoke', 'revoke', 'change', 'complete', 'escalate'],
  ...['remind', 'freeze', 'resume', 'comment', 'claim', 'release', 'raise', 'resolve', 'refuse'],
] as const;
const ENDS = ['grant', 'reject', 'time-out', 'withdraw', 'cancel', 'override', 'none'] as const;

/** What happens next; what cannot is passed over. */
interface Step {
  readonly kind: (typeof STEPS)[number];
  readonly who: string;
  readonly whom: string | null;
  readonly n: number;
}

interface Given {
  readonly decisionId: string;
  readonly stage: number;
}

const person = fc.constantFrom('bob', 'carol', 'dave', 'erin');
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...STEPS),
  who: person,
  whom: fc.option(person),
  n: fc.nat(5),
});

/** Histories of one approval in two stages, as a service might have written them. */
export const approvalHistory: fc.Arbitrary<ApprovalEvent[]> = fc
  .tuple(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), fc.constantFrom(...ENDS))
  .map(([steps, end]) => {
    const history = new History();
    for (const [index, each] of steps.entries()) history.take(each, index);
    history.end(end);
    return history.events;
  });

class History {
  readonly events: ApprovalEvent[] = [staged];
  #stage = 0;
  #votes: Given[] = [];
  #raised = false;

  take({ kind, who, whom, n }: Step, index: number): void {
    const { events } = this;
    switch (kind) {
      case 'decide': {
        const decisionId = derivedId('decision', index);
        const stage = this.#stage;
        const action = (['approve', 'approve', 'reject', 'abstain'] as const)[n] ?? 'approve';
        const forOther = whom === null || whom === who ? {} : { onBehalfOf: whom };
        events.push(vote(who, { decisionId, stage, action, ...forOther }));
        this.#votes.push({ decisionId, stage });
        return;
      }
      case 'revoke':
        this.#revoke(n, who);
        return;
      case 'change':
        this.#change(n % 2 === 0);
        return;
      case 'complete':
        this.#complete();
        return;
      case 'raise':
      case 'resolve':
        this.#incident(kind === 'raise');
        return;
      default:
        events.push(besides(kind, who, this.#stage));
    }
  }

  #revoke(n: number, approver: string): void {
    const vote = this.#votes[n];
    if (!vote) return;
    const { decisionId, stage } = vote;
    const voided = this.#votes.filter((each) => each.stage > stage).map((each) => each.decisionId);
    const reason = 'a slip';
    this.events.push({
      type: 'approval.decision-revoked',
      data: { ...approval, decisionId, approver, reason, stage, voided },
    });
    this.#votes = this.#votes.filter((each) => each !== vote && each.stage <= stage);
    this.#stage = stage;
  }

  #change(material: boolean): void {
    this.events.push({
      type: 'approval.subject-changed',
      data: {
        ...approval,
        ...{ changedBy: 'alice', subject: { a: 2 }, subjectHash: HASH, previousHash: HASH },
        ...{ changed: ['/a'], material },
        voided: material ? this.#votes.map(({ decisionId }) => decisionId) : [],
        ...(material ? { required: 2 } : {}),
      },
    });
    if (!material) return;
    this.#votes = [];
    this.#stage = 0;
  }

  #complete(): void {
    if (this.#stage > 0) return;
    this.#stage = 1;
    const next = { stage: 1, name: 'risk', required: 3, directoryRevision: 7 };
    this.events.push({
      type: 'approval.stage-completed',
      data: { ...approval, stage: 0, name: 'desk', approvers: ['bob'], next },
    });
  }

  #incident(raise: boolean): void {
    if (raise === this.#raised) return;
    this.#raised = raise;
    const data = { ...approval, code: 'approval.quorum-unreachable' };
    this.events.push(
      raise
        ? { type: 'approval.incident-raised', data: { ...data, message: 'nobody is left' } }
        : { type: 'approval.incident-resolved', data: { ...data, resolution: 'two are' } },
    );
  }

  end(how: (typeof ENDS)[number]): void {
    if (how !== 'none') this.events.push(...outcomes[how]);
  }
}

function besides(
  kind: Exclude<Step['kind'], 'decide' | 'revoke' | 'change' | 'complete' | 'raise' | 'resolve'>,
  who: string,
  stage: number,
): ApprovalEvent {
  switch (kind) {
    case 'escalate': {
      const by = { cause: 'person', escalatedBy: who, reason: 'slow' } as const;
      const data = { ...approval, approvers: ['frank', 'role:head'], stage, ...by };
      return { type: 'approval.escalated', data };
    }
    case 'remind': {
      const data = { ...approval, reminder: 0, approvers: ['group:desk'], waitingFor: [who] };
      return { type: 'approval.reminded', data };
    }
    case 'freeze': {
      const remaining = { expiry: 5, reminders: [1], escalations: [] };
      return { type: 'approval.deadlines-frozen', data: { ...approval, remaining } };
    }
    case 'resume': {
      const deadlines = { expiresAt: '2026-01-06T00:00:00.000Z' };
      return { type: 'approval.deadlines-resumed', data: { ...approval, deadlines } };
    }
    case 'comment': {
      const comment = { commentId: derivedId('comment'), author: who, text: 'why?' };
      return { type: 'approval.commented', data: { ...approval, ...comment, kind: 'question' } };
    }
    case 'claim':
      return { type: 'approval.claimed', data: { ...approval, claimedBy: who } };
    case 'release':
      return { type: 'approval.released', data: { ...approval, claimedBy: who, releasedBy: who } };
    case 'refuse': {
      const refusal = { code: 'approval.excluded', message: 'not you' };
      const data = { ...approval, actor: who, action: 'approve', ...refusal };
      return { type: 'approval.decision-refused', data };
    }
  }
}

const granted = { approvers: ['bob', 'carol'], level: 'COMMITTEE', subjectHash: HASH };
const overriding = { overriddenBy: 'grace', reason: 'the market closes', qualifiedBy: 'grace' };

export const outcomes: Readonly<
  Record<Exclude<(typeof ENDS)[number], 'none'>, readonly ApprovalEvent[]>
> = {
  grant: [{ type: 'approval.granted', data: { ...approval, ...granted } }],
  reject: [
    {
      type: 'approval.rejected',
      data: { ...approval, rejectedBy: 'carol', reason: 'too large', subjectHash: HASH },
    },
  ],
  'time-out': [
    { type: 'approval.timed-out', data: { ...approval, outcome: 'reject', deadline: AT } },
  ],
  withdraw: [
    { type: 'approval.withdrawn', data: { ...approval, reason: 'wrong', withdrawnBy: 'alice' } },
  ],
  cancel: [{ type: 'approval.cancelled', data: { ...approval, reason: 'it moved on' } }],
  override: [
    {
      type: 'approval.overridden',
      data: { ...approval, ...overriding, subject: {}, subjectHash: HASH, directoryRevision: 7 },
    },
    { type: 'approval.granted', data: { ...approval, ...granted, overriddenBy: 'grace' } },
    {
      type: 'approval.review-closed',
      data: { ...approval, closedBy: 'erin', verdict: 'justified', reason: 'it was' },
    },
  ],
};
