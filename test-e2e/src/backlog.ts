import {
  type ApprovalEvent,
  type DomainEvent,
  encodeEvent,
  type WorkflowEvent,
} from '@countersign/contracts';
import type { EventStore } from '@countersign/event-store';
import { derivedId, hashOf, type NewEvent, streamName } from '@countersign/kernel';

const AT_ONCE = 100;
const AT = '2026-01-02T03:04:05.678Z';
const HASH = hashOf('of nothing in particular');

/** Events in the store for each deal of a backlog. */
export const EVENTS_PER_DEAL = 9;

/**
 * Appends the events of so many approved trades, without any service: a hundred deals advance side by
 * side, so that the feed mixes their streams and a reader's batches cut through them. Deals are numbered
 * from `first` on.
 */
export async function appendBacklog(store: EventStore, deals: number, first = 0): Promise<void> {
  const end = first + deals;
  for (let from = first; from < end; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, end - from) }, (_, at) => from + at);
    for (const part of [openings, votes, endings]) {
      await Promise.all(numbers.map((number) => part(store, idsOf(number))));
    }
  }
}

interface Ids {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly number: number;
}

function idsOf(number: number): Ids {
  const workflowId = derivedId('backlog workflow', number);
  return { workflowId, approvalId: derivedId('backlog approval', number), number };
}

function identity({ workflowId, number }: Ids) {
  return { workflowId, template: 'trade_approval', businessKey: `B-${number}`, scope: 'rates' };
}

const policy = { level: 'DUAL' as const, approvers: ['group:trade-approvers'] };

async function openings(store: EventStore, ids: Ids): Promise<void> {
  const step = { from: 'captured', to: 'pending_approval', trigger: 'automatic' as const };
  const events: WorkflowEvent[] = [
    {
      type: 'workflow.started',
      data: {
        ...identity(ids),
        templateVersion: 1,
        definitionHash: HASH,
        state: 'captured',
        context: { tradeId: `B-${ids.number}`, notional: String(ids.number) },
        draft: false,
        startedBy: 'alice',
      },
    },
    {
      type: 'workflow.transitioned',
      data: { ...identity(ids), ...step, sequence: 1, event: 'validate' },
    },
    {
      type: 'workflow.transition-requested',
      data: {
        ...identity(ids),
        sequence: 2,
        from: 'pending_approval',
        to: 'released',
        event: 'approve',
        trigger: 'automatic',
        approvalId: ids.approvalId,
        requester: 'alice',
        editors: ['alice'],
        policy,
        subject: { number: ids.number },
        subjectHash: HASH,
      },
    },
  ];
  await append(store, streamName('workflow', ids.workflowId), 0, events);
}

async function votes(store: EventStore, ids: Ids): Promise<void> {
  const { approvalId } = ids;
  const approval = { ...identity(ids), approvalId };
  const vote = (approver: string): ApprovalEvent => ({
    type: 'approval.decision-recorded',
    data: {
      ...approval,
      decisionId: derivedId('backlog decision', ids.number, approver),
      approver,
      action: 'approve',
      reason: 'terms agree',
      subjectHash: HASH,
      qualifiedBy: 'group:trade-approvers',
    },
  });
  const requested: ApprovalEvent = {
    type: 'approval.requested',
    data: {
      ...approval,
      requester: 'alice',
      editors: ['alice'],
      policy,
      required: 2,
      subject: { number: ids.number },
      subjectHash: HASH,
    },
  };
  const granted: ApprovalEvent = {
    type: 'approval.granted',
    data: { ...approval, approvers: ['erin', 'frank'], level: 'DUAL', subjectHash: HASH },
  };
  const stream = streamName('approval', approvalId);
  await append(store, stream, 0, [requested, vote('erin')]);
  await append(store, stream, 2, [vote('frank'), granted]);
}

async function endings(store: EventStore, ids: Ids): Promise<void> {
  const events: WorkflowEvent[] = [
    {
      type: 'workflow.transitioned',
      data: {
        ...identity(ids),
        sequence: 2,
        from: 'pending_approval',
        to: 'released',
        event: 'approve',
        trigger: 'automatic',
        approvalId: ids.approvalId,
        approvalOutcome: 'granted',
      },
    },
    { type: 'workflow.completed', data: { ...identity(ids), state: 'released' } },
  ];
  await append(store, streamName('workflow', ids.workflowId), 3, events);
}

async function append(
  store: EventStore,
  stream: string,
  from: number,
  events: readonly DomainEvent[],
): Promise<void> {
  const sealed = events.map((event, at): NewEvent => {
    const id = derivedId(stream, from + at);
    return {
      ...encodeEvent(event),
      eventId: id,
      metadata: {
        correlationId: id,
        causationId: id,
        commandId: id,
        commandHash: HASH,
        actor: 'alice',
        roles: 'trader',
        authMethod: 'test',
        recordedAt: AT,
        prevHash: HASH,
        hash: HASH,
      },
    };
  });
  await store.append(stream, from === 0 ? 'none' : from - 1, sealed);
}
