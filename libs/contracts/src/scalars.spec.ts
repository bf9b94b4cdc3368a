import { describe, expect, it } from '@jest/globals';

import { CommentBody, DecisionBody } from './commands/approval.commands.js';
import { decodeEvent, encodeEvent } from './codec.js';

const HASH = 'a'.repeat(64);
const ID = '5c9a4f2e-77aa-5b11-9c0d-abcdefabcdef';
const UNREADABLE = ['\u200b', ' \ufe0f', 'fine \u202eton', 'fine\u0007'];

describe('what people write', () => {
  const decision = (reason: string) => ({ action: 'approve', reason, subjectHash: HASH });

  it.each(UNREADABLE)('is refused when nobody can read it, or only something else: %j', (text) => {
    expect(DecisionBody.safeParse(decision(text)).success).toBe(false);
    expect(CommentBody.safeParse({ text }).success).toBe(false);
  });

  it('keeps its lines and its joiners', () => {
    const text = 'line one\nශ්\u200dරී 👨\u200d👩\u200d👧';
    expect(DecisionBody.parse(decision(` ${text} `)).reason).toBe(text);
    expect(CommentBody.parse({ text }).text).toBe(text);
  });

  it.each(UNREADABLE)('stays readable in events that have it: %j', (reason) => {
    const data = { approvalId: ID, decisionId: ID, approver: 'bob', qualifiedBy: 'bob' };
    const recorded = encodeEvent({
      type: 'approval.decision-recorded',
      data: { ...data, ...decision(reason) },
    });
    expect(decodeEvent({ stream: 'approval-x', revision: 1, ...recorded }).data).toMatchObject({
      reason: reason.trim(),
    });
  });

  it('does not keep people from being read whose names are refused by now', () => {
    const set = [
      { id: 'heidi\ufe0f', name: 'H\u0007', roles: [], groups: ['legal '], active: true },
    ];
    const data = { source: 'api', set, removed: [] };
    const stored = { type: 'directory.people-changed', schemaVersion: 1, data };
    expect(decodeEvent({ stream: 'directory-x', revision: 1, ...stored }).data).toEqual(data);
  });
});
