import {
  directoryAggregate,
  type DirectoryEvent,
  type DirectoryState,
  documentOf,
  organisationOf,
} from '@countersign/contracts';
import { type Actor, fold } from '@countersign/kernel';
import type { Calendar, Person } from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { administrator, caller, fed, person } from '../../../test/people.js';
import { replaceDirectory, seedDirectory, takeInFile } from './change.js';

const ann = administrator('ann', { roles: ['head'], logins: ['ann-1'] });
const ben = administrator('ben');
const cat = person('cat', { groups: ['desk'], logins: ['cat-1', 'cat-2'] });
const people = [ann, ben, cat];
const calendar: Calendar = {
  name: 'london',
  timeZone: 'Europe/London',
  hours: [{ days: ['mon'], from: '08:00', to: '17:00' }],
  holidays: [],
};
const state = fed({ people, calendars: [calendar] });
const empty = directoryAggregate.initialState;

const after = (events: readonly DirectoryEvent[], before = state): DirectoryState =>
  fold(directoryAggregate, events, before);
interface From {
  readonly before?: DirectoryState;
  readonly expectedRevision?: number;
}
function replace(
  directory: { people: Person[]; calendars?: Calendar[] },
  actor: Actor = caller('ann'),
  { before = state, expectedRevision = before.documentRevision }: From = {},
): readonly DirectoryEvent[] {
  return replaceDirectory(before, { directory, expectedRevision }, actor);
}
const refusal = (...asked: Parameters<typeof replace>) => codeOf(() => replace(...asked));
const all = { people, calendars: [calendar] };

describe('replacing the directory', () => {
  it('records who came, changed and left, and calendars', () => {
    const dan = person('dan');
    const changed = { ...ben, roles: ['trader'] };
    const other = { ...calendar, name: 'paris' };
    const events = replace({ people: [ann, changed, dan], calendars: [other] });
    const how = { source: 'api', changedBy: 'ann' };
    expect(events).toEqual([
      {
        type: 'directory.people-changed',
        data: { ...how, set: [changed, dan], removed: ['cat'] },
      },
      {
        type: 'directory.calendars-changed',
        data: { ...how, set: [other], removed: ['london'] },
      },
    ]);
    const next = after(events);
    expect(documentOf(next)).toEqual({ people: [ann, changed, dan], calendars: [other] });
    expect([state.revision, next.revision, next.documentRevision]).toEqual([2, 4, 4]);
  });

  it('is nothing when nothing differs, whatever the order', () => {
    expect(replace({ people: [cat, ann, ben], calendars: [calendar] })).toEqual([]);
  });

  it('leaves calendars as they are unless it says what there is', () => {
    const london = (directory: Parameters<typeof replace>[0]) =>
      organisationOf(after(replace(directory))).calendar('london');
    expect(london({ people })).toEqual(calendar);
    expect(london({ people, calendars: [] })).toBeUndefined();
  });

  it('keeps who left, and their logins, from ever being somebody by token again', () => {
    const next = organisationOf(after(replace({ ...all, people: [ann, ben] })));
    for (const id of ['cat', 'cat-1', 'cat-2']) {
      expect([next.knows(id), next.isActive(id)]).toEqual([true, false]);
      expect(next.qualifies(id, ['group:desk', id], cat)).toBeUndefined();
    }
  });

  it('takes a login away for good', () => {
    const without = after(replace({ ...all, people: [ann, ben, { ...cat, logins: ['cat-1'] }] }));
    const organisation = organisationOf(without);
    expect(organisation.personOf('cat-1')).toBe('cat');
    expect(organisation.isActive('cat-2')).toBe(false);
    expect(organisation.qualifies('cat-2', ['group:desk'], cat)).toBeUndefined();
  });

  it('makes somebody who comes back known again', () => {
    const gone = after(replace({ ...all, people: [ann, ben] }));
    const back = after(replace(all, caller('ann'), { before: gone }), gone);
    expect(organisationOf(back).personOf('cat-2')).toBe('cat');
    expect(back.removed.size).toBe(0);
  });

  it('does not fit into one event when it is large', () => {
    const many = Array.from({ length: 4_000 }, (_, index) => person(`p${index}`));
    const events = replace({ ...all, people: [...people, ...many] });
    expect(events.length).toBeGreaterThan(3);
    expect(Math.max(...events.map((event) => JSON.stringify(event).length))).toBeLessThan(61_000);
    expect(after(events).people.size).toBe(4_003);
    const emptied = replace(all, caller('ann'), { before: after(events) });
    expect(after(emptied, after(events)).people.size).toBe(3);
  });
});

describe('who may replace it', () => {
  it.each([
    ['an administrator', caller('ann'), undefined],
    ['by a login', caller('ann-1'), undefined],
    ['somebody else', caller('cat'), 'directory.admins-only'],
    [
      'whoever says so of themselves',
      caller('cat', { groups: ann.groups }),
      'directory.admins-only',
    ],
    ['a stranger', caller('zed'), 'directory.admins-only'],
    ['a stranger whose token says so', caller('zed', { groups: ['workflow-admins'] }), undefined],
  ])('%s', (_, actor, code) => {
    const changed = { ...all, people: [ann, ben, { ...cat, roles: ['x'] }] };
    expect(refusal(changed, actor)).toBe(code);
  });

  it('is nobody who has left or is inactive, whatever their token says', () => {
    const token = { groups: ['workflow-admins'] };
    const gone = after(replace({ ...all, people: [ann, { ...ben, active: false }] }));
    for (const id of ['ben', 'cat', 'cat-1']) {
      expect(refusal(all, caller(id, token), { before: gone })).toBe('directory.admins-only');
    }
  });

  it('is whoever knows how it is', () => {
    const stale = { expectedRevision: state.documentRevision - 1 };
    expect(refusal(all, caller('ann'), stale)).toBe('directory.revision-mismatch');
    const delegated = after([
      {
        type: 'directory.delegation-ended',
        data: { delegationId: '2d9a4f2e-77aa-5b11-9c0d-abcdefabcdef', endedBy: 'ann' },
      },
    ]);
    expect(delegated.revision).toBe(state.revision + 1);
    expect(delegated.documentRevision).toBe(state.documentRevision);
  });
});

describe('what somebody is themselves', () => {
  const own: [string, Person[]][] = [
    ['their roles', [{ ...ann, roles: ['head', 'risk'] }]],
    ['their name, which their signatures bear', [{ ...ann, name: 'Ben' }]],
    ['their groups', [{ ...ann, groups: ['workflow-admins', 'risk'] }]],
    ['their logins', [{ ...ann, logins: ['ann-1', 'zed'] }]],
    ['one login less', [{ ...ann, logins: [] }]],
    ['whether they are there', [{ ...ann, active: false }]],
    ['that they are there at all', []],
    ['who they are', [{ ...ann, id: 'ann-2', logins: ['ann', 'ann-1'] }]],
    ['whose login they are', [person('dan', { logins: ['ann', 'ann-1'] })]],
  ];
  it.each(own)('is not theirs to change: %s', (_, self) => {
    for (const actor of [caller('ann'), caller('ann-1')]) {
      const changed = { ...all, people: [...self, ben, cat] };
      expect(refusal(changed, actor)).toBe('directory.own-membership');
      const another = { ...all, people: [...self, ben, cat] };
      expect(refusal(another, caller('ben'))).toBeUndefined();
    }
  });

  it('may be written in another order', () => {
    const same = { ...ann, groups: ['workflow-admins', 'workflow-admins'] };
    expect(refusal({ ...all, people: [cat, same, ben] })).toBeUndefined();
  });

  it('is what the token says, for whoever feeds a directory that is empty', () => {
    const token = caller('zed', { groups: ['workflow-admins'], roles: ['head'] });
    const first = (self: Person[]) =>
      refusal({ people: [...self, ben] }, token, { before: empty, expectedRevision: 0 });
    const zed = person('zed', { groups: ['workflow-admins'], roles: ['head'] });
    expect(first([])).toBeUndefined();
    expect(first([zed])).toBeUndefined();
    expect(first([{ ...zed, roles: ['head', 'risk'] }])).toBe('directory.own-membership');
    expect(first([{ ...zed, logins: ['zed-2'] }])).toBe('directory.own-membership');
    expect(first([person('dan', { logins: ['zed'] })])).toBe('directory.own-membership');
  });
});

describe('administrators', () => {
  it('never leave nobody', () => {
    const token = caller('zed', { groups: ['workflow-admins'] });
    const without = (...rest: Person[]) => refusal({ ...all, people: [cat, ...rest] }, token);
    expect(without()).toBe('directory.no-administrator');
    expect(without({ ...ann, active: false })).toBe('directory.no-administrator');
    expect(without(ben)).toBeUndefined();
    const none = fed({ people: [cat] });
    expect(refusal({ people: [] }, token, { before: none })).toBeUndefined();
  });
});

describe('an id', () => {
  const dan = person('dan');
  /** As it is after one change after another by an administrator who stays as they are. */
  const changed = (...steps: Person[][]) =>
    steps.reduce(
      (before, step) =>
        after(replace({ people: [ann, ...step] }, caller('ann'), { before }), before),
      state,
    );
  const renamed = { ...cat, id: 'kit', logins: ['cat', 'cat-1', 'cat-2'] };

  it.each<[string, Person[][], Person[], object | undefined]>([
    ['goes with its person', [], [ben, renamed], undefined],
    ['may be an old one again', [[ben, renamed]], [ben, { ...cat, logins: ['kit'] }], undefined],
    ['is one of two who are one', [], [{ ...ben, logins: ['cat', 'cat-1'] }], undefined],
    ['is new with somebody new', [], [ben, cat, dan], undefined],
    ['leaves with its person', [[ben]], [ben, person('new')], undefined],
    ['comes back with its person', [[ben]], [ben, cat], undefined],
    [
      'is not made a login of another, without what they were called',
      [],
      [
        { ...ben, logins: ['cat-1'] },
        { ...cat, logins: [] },
      ],
      { id: 'cat-1', from: 'cat', to: 'ben' },
    ],
    [
      'is not made another person',
      [],
      [ben, { ...cat, logins: [] }, person('cat-1')],
      { id: 'cat-1', from: 'cat', to: 'cat-1' },
    ],
    [
      'is not given on after its person left',
      [[ben]],
      [ben, { ...dan, logins: ['cat-2'] }],
      { id: 'cat-2', from: 'cat', to: 'dan' },
    ],
    [
      'is not given on after it was taken away',
      [[ben, { ...cat, logins: [] }]],
      [
        { ...ben, logins: ['cat-1'] },
        { ...cat, logins: [] },
      ],
      { id: 'cat-1', from: 'cat', to: 'ben' },
    ],
    [
      'is not split off from those who became one',
      [[{ ...ben, logins: ['cat'] }]],
      [ben, cat],
      { id: 'cat', from: 'ben', to: 'cat' },
    ],
    [
      'is not dropped while its person is there under another',
      [[ben, renamed]],
      [ben, { ...renamed, logins: ['cat-1'] }],
      { id: 'cat', from: 'kit', to: 'nobody' },
    ],
    [
      'is not dropped by the next rename',
      [[ben, renamed]],
      [ben, { ...dan, logins: ['kit'] }],
      { id: 'cat', from: 'kit', to: 'nobody' },
    ],
    [
      'is not left behind by the next rename',
      [[ben, renamed]],
      [ben, { ...dan, logins: ['cat'] }],
      { id: 'cat', from: 'kit', to: 'dan' },
    ],
  ])('%s', (_, steps, to, details) => {
    const before = changed(...steps);
    const refused = details && { code: 'directory.identity-moved', kind: 'rule', details };
    for (const decide of [
      () => replace({ people: [ann, ...to] }, caller('ann'), { before }),
      () => takeInFile(before, { people: [ann, ...to] }, 'a'.repeat(64)),
    ]) {
      let error: unknown;
      try {
        decide();
      } catch (thrown) {
        error = thrown;
      }
      if (refused) expect(error).toMatchObject(refused);
      else expect(error).toBeUndefined();
    }
  });
});

describe('a file', () => {
  const hash = 'a'.repeat(64);
  it('is taken in when its content is not that of the last one', () => {
    const next = after(takeInFile(state, { people: [cat] }, hash));
    expect([next.fileHash, [...next.people.keys()]]).toEqual([hash, ['cat']]);
    expect(takeInFile(next, { people: [cat] }, hash)).toEqual([]);
    const changed = after(
      [{ type: 'directory.people-changed', data: { source: 'api', set: [ann], removed: [] } }],
      next,
    );
    expect(takeInFile(changed, { people: [cat] }, hash)).toEqual([]);
    const again = after(takeInFile(changed, { people: [cat] }, 'b'.repeat(64)), changed);
    expect([...again.people.keys()]).toEqual(['cat']);
  });

  it('is recorded when it says what is known already', () => {
    const events = takeInFile(state, all, hash);
    expect(events).toHaveLength(1);
    expect(after(events).fileHash).toBe(hash);
    expect(organisationOf(after(events)).personOf('cat-1')).toBe('cat');
  });

  it('is taken in bit by bit when it is large, those who left first', () => {
    const many = Array.from({ length: 9_000 }, (_, index) => person(`p${index}`));
    let now = state;
    for (let parts = 1; ; parts++) {
      const events = takeInFile(now, { people: many }, hash);
      expect(JSON.stringify(events).length).toBeLessThan(310_000);
      now = after(events, now);
      expect(now.people.has('cat')).toBe(false);
      if (now.fileHash !== hash) continue;
      expect(parts).toBeGreaterThan(1);
      break;
    }
    expect([...now.people.values()]).toEqual(many);
  });
});

describe('the seed', () => {
  it('is for a directory of which nothing is known', () => {
    expect(after(seedDirectory(empty, { people }), empty).people.size).toBe(3);
    expect(seedDirectory(state, { people: [cat] })).toEqual([]);
  });
});
