import { type ApprovalEvent, type DecisionJobEvent, encodeEvent } from '@countersign/contracts';
import {
  derivedId,
  hashOf,
  type NewEvent,
  type StoredEvent,
  streamName,
} from '@countersign/kernel';

export const HASH = hashOf('of nothing in particular');
export const AT = '2026-01-02T03:04:05.678Z';
export const approvalId = derivedId('approval');
const people = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace'];

export const approvalStream = streamName('approval', approvalId);

/** One approval's events, without a service that decides them. */
export const approval = { approvalId, workflowId: derivedId('workflow'), template: 't' };

type DataOf<Type extends ApprovalEvent['type']> = Extract<ApprovalEvent, { type: Type }>['data'];

export const requested: ApprovalEvent = {
  type: 'approval.requested',
  data: {
    ...approval,
    requester: 'alice',
    editors: ['alice'],
    policy: { level: 'COMMITTEE', quorum: 5, approvers: people },
    required: 5,
    subject: {},
    subjectHash: HASH,
  },
};

export const vote = (
  approver: string,
  more: Partial<DataOf<'approval.decision-recorded'>> = {},
): ApprovalEvent => ({
  type: 'approval.decision-recorded',
  data: {
    ...approval,
    decisionId: derivedId('decision', approver),
    approver,
    action: 'approve',
    reason: 'fine',
    subjectHash: HASH,
    qualifiedBy: approver,
    ...more,
  },
});

export function sealed(event: ApprovalEvent | DecisionJobEvent, index?: number): NewEvent {
  const id = derivedId(JSON.stringify(event), index ?? 0);
  const metadata: StoredEvent['metadata'] = {
    correlationId: id,
    causationId: id,
    commandId: id,
    commandHash: HASH,
    actor: 'alice',
    roles: '',
    authMethod: 'test',
    recordedAt: AT,
    prevHash: HASH,
    hash: HASH,
  };
  return { ...encodeEvent(event), eventId: id, metadata };
}
