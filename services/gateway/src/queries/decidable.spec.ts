import { Organisation, type Person } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { Decidable } from './decidable.js';

const NOW = new Date('2026-11-24T09:00:00Z');
const person = (id: string, more: Partial<Person> = {}): Person => ({
  ...{ id, name: id, roles: [], groups: [], active: true },
  ...more,
});
const delegation = (from: string, to: string, scope = {}) => ({
  ...{ delegationId: `${from}-${to}`, from, to, scope },
  ...{ start: '2026-11-24T00:00:00Z', end: '2026-11-25T00:00:00Z' },
});
const organisation = new Organisation({
  people: [
    person('erin', { roles: ['risk'], logins: ['e-1'] }),
    person('bob'),
    person('carol', { groups: ['desk'] }),
    person('dave', { active: false, roles: ['risk'] }),
  ],
  delegations: [
    delegation('erin', 'carol', { templates: ['trades'] }),
    delegation('carol', 'bob'),
    delegation('dave', 'bob'),
  ],
});
const row = {
  template: 'trades',
  policy: {},
  approvers: ['role:risk'],
  within: [],
  escalated: [],
  voters: [],
  excluded: ['alice'],
  deadlines: {},
};
type Row = Parameters<Decidable['peopleFor']>[0];

const peopleFor = (id: string, more: Partial<Row> = {}) =>
  new Decidable({ id, roles: ['risk'], groups: [] }, organisation, NOW).peopleFor({
    ...row,
    ...more,
  });

describe('whom somebody can decide for', () => {
  it.each<[string, Partial<Row>, string[]]>([
    ['erin', {}, ['erin']],
    ['e-1', { approvers: ['erin'] }, ['erin']],
    ['stranger', {}, ['stranger']],
    ['dave', {}, []],
    ['carol', {}, ['erin']],
    ['carol', { approvers: ['role:risk', 'group:desk'] }, ['carol', 'erin']],
    ['bob', {}, ['erin']],
    ['bob', { approvers: ['group:desk'] }, ['carol']],
    ['bob', { template: 'others' }, []],
    ['bob', { template: null }, []],
    ['bob', { excluded: ['carol'] }, []],
    ['bob', { excluded: ['e-1'] }, []],
    ['bob', { voters: ['carol'] }, ['erin']],
    ['bob', { voters: ['erin'] }, []],
    ['bob', { voters: ['bob'] }, []],
    ['carol', { within: [['group:desk']] }, []],
    ['carol', { approvers: [], escalated: ['erin'], within: [['nobody']] }, ['erin']],
    ['erin', { deadlines: { expiresAt: NOW.toISOString() } }, []],
  ])('%s of %j: %j', (id, more, people) => {
    expect(peopleFor(id, more)).toEqual(people);
  });
});
