import { describe, expect, it } from '@jest/globals';

import { changeSubject } from './subject.js';
import { TestApproval } from './test-approval.js';

describe('material fields in lists', () => {
  const about = (pointer: string) =>
    TestApproval.adHoc({
      subject: { legs: [1, 2] },
      policy: { level: 'DUAL', approvers: ['group:risk'], material: [pointer] },
    });

  it('are places', () => {
    const approval = about('/legs/1');
    approval.approve('erin');
    const change = (legs: number[]) =>
      approval.do((state, cause) => changeSubject(state, { subject: { legs } }, cause), 'alice');
    change([3, 2]);
    expect(approval.state.votes).toHaveLength(1);
    change([3]);
    expect(approval.state.votes).toHaveLength(0);
  });

  it.each(['/legs/length', '/legs/2', '/legs/01', '/legs/-'])('are not %s', (pointer) => {
    expect(() => about(pointer)).toThrow(
      expect.objectContaining({ code: 'approval.material-unknown' }),
    );
  });
});

describe('the meaning of a signature', () => {
  it('is refused when nobody can read it', () => {
    const policy = { level: 'SINGLE', approvers: ['erin'], signature: { meaning: '\u200b' } };
    expect(() => TestApproval.adHoc({ policy })).toThrow(
      expect.objectContaining({ code: 'approval.unreadable-meaning' }),
    );
  });
});
