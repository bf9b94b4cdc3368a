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
  const nothing = { roles: [], groups: [] };
  it.each([
    ['alice', 'alice', { roles: ['trader'], groups: ['desk'] }],
    ['corp|4711', 'alice', { roles: ['trader'], groups: ['desk'] }],
    ['dave', 'dave', nothing],
    ['corp|4712', 'dave', nothing],
    ['zoe', 'zoe', nothing],
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
});
