import { Organisation } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { knownAs } from './known-as.js';

const person = { name: 'X', roles: ['trader'], groups: ['desk'], active: true };
const organisation = new Organisation({
  people: [
    { ...person, id: 'alice', logins: ['corp|4711'] },
    { ...person, id: 'dave', logins: ['corp|4712'], active: false },
  ],
  removed: ['zoe'],
});

describe('somebody with a verified token', () => {
  const claims = { roles: ['head'], groups: ['workflow-admins'] };
  it.each([
    ['alice', 'alice', { roles: ['trader'], groups: ['desk'] }],
    ['corp|4711', 'alice', { roles: ['trader'], groups: ['desk'] }],
    ['stranger', 'stranger', claims],
  ])('%s is %s with %j', (id, known, memberships) => {
    const rest = { authMethod: 'bearer', authenticatedAt: '2026-11-24T09:00:00.000Z' };
    expect(knownAs({ id, ...claims, ...rest }, organisation)).toEqual({
      id: known,
      ...(known === id ? {} : { login: id }),
      ...memberships,
      ...rest,
    });
  });

  it.each(['dave', 'corp|4712', 'zoe'])('%s is nobody any more', (id) => {
    const seen = () => knownAs({ id, ...claims, authMethod: 'bearer' }, organisation);
    expect(seen).toThrow(expect.objectContaining({ kind: 'forbidden', code: 'auth.inactive' }));
  });
});
