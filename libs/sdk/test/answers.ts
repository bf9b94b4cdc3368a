/** What the server answers in tests. */
export const ID = '6f1c1b1e-51ab-4a10-9d2f-0c9c3c0f5a10';
export const DECISION = '0d4a1a9c-7c1e-4c55-8f2e-1d3a5b7c9e21';
export const HASH = 'a'.repeat(64);
export const shown = { approvalId: ID, subjectHash: HASH };
export const quorum = { required: 2, given: 1, met: false };
export const changed = { approvalId: ID, status: 'IN_PROGRESS', position: '7' };
export const decided = { ...changed, decisionId: DECISION, approvals: 1, required: 2, quorum };
export const approval = {
  approvalId: ID,
  status: 'PENDING',
  requester: 'alice',
  subject: { limit: 5 },
  subjectHash: HASH,
  quorum,
  somethingNew: true,
};
