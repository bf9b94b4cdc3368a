import { fold } from '@countersign/kernel';
import { type Finding, Organisation, parseDefinition } from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import {
  type Cause,
  existing,
  publishBuiltIn,
  publishVersion,
  resolveVersion,
  retireVersion,
  returnVersion,
  saveDraft,
  submitVersion,
} from './decider.js';
import { templateAggregate, type TemplateState } from './state.js';

const ADMINS = ['workflow-admins'];

type Step = (state: TemplateState) => ReturnType<typeof saveDraft>;

const analysed = (title: string, findings: readonly Finding[] = []) => ({
  definition: parseDefinition({
    name: 'review',
    title,
    initial: 'new',
    states: [{ name: 'new' }, { name: 'done', final: 'completed' }],
    transitions: [{ event: 'finish', from: 'new', to: 'done' }],
  }),
  findings,
});
const fault: Finding = { code: 'x.y', severity: 'error', path: '/initial', message: 'wrong' };
const doubt: Finding = { ...fault, severity: 'warning' };

const by = (
  id: string,
  groups: string[] = [],
  organisation = new Organisation({ people: [] }),
): Cause => ({ actor: { id, groups }, organisation });

const save =
  (title: string, author: string): Step =>
  (state) =>
    saveDraft(state, analysed(title), by(author));
const submit =
  (version: number, who: string, groups: string[] = []): Step =>
  (state) =>
    submitVersion(state, version, by(who, groups));
const publish =
  (version: number, who: string, findings: readonly Finding[] = []): Step =>
  (state) =>
    publishVersion(state, version, by(who), findings);
const sendBack =
  (version: number, who: string, groups = ADMINS): Step =>
  (state) =>
    returnVersion(state, version, by(who, groups), 'the limit is wrong');
const retire =
  (version: number): Step =>
  (state) =>
    retireVersion(state, version, by('erin', ADMINS));
const bring =
  (title: string): Step =>
  (state) =>
    publishBuiltIn(state, analysed(title));

/** What a template is after some commands. */
const after = (...steps: readonly Step[]): TemplateState =>
  steps.reduce(
    (state, step) => fold(templateAggregate, step(state), state),
    templateAggregate.initialState,
  );

const seen = ({ versions }: TemplateState) =>
  versions.map(({ definition, status }) => `${definition.title ?? ''} ${status}`);

describe('a draft', () => {
  it('is one for each author: saving again replaces its content, not another author’s', () => {
    expect(seen(after(save('a', 'alice'), save('b', 'alice')))).toEqual(['b DRAFT']);
    expect(seen(after(save('a', 'alice'), save('b', 'bob'), save('c', 'alice')))).toEqual([
      'c DRAFT',
      'b DRAFT',
    ]);
  });

  it('is not saved again without a change', () => {
    expect(saveDraft(after(save('a', 'alice')), analysed('a'), by('alice'))).toEqual([]);
  });

  it('is saved with its errors, and says how many there are', () => {
    const [event] = saveDraft({ versions: [] }, analysed('a', [fault, doubt, doubt]), by('alice'));
    expect(event?.data).toMatchObject({
      version: 1,
      author: 'alice',
      findings: { errors: 1, warnings: 2, infos: 0 },
    });
  });

  it('cannot be changed under review: the author’s next one is another version', () => {
    const state = after(save('a', 'alice'), submit(1, 'alice'), save('b', 'alice'));
    expect(seen(state)).toEqual(['a IN_REVIEW', 'b DRAFT']);
  });

  it('is a draft again once it is sent back', () => {
    const returned = [save('a', 'alice'), submit(1, 'alice'), sendBack(1, 'erin')];
    expect(seen(after(...returned, save('b', 'alice')))).toEqual(['b DRAFT']);
    expect(codeOf(() => publish(1, 'frank')(after(...returned)))).toBe('template.not-in-review');
  });

  it('is not submitted or sent back by strangers', () => {
    const draft = after(save('a', 'alice'));
    expect(codeOf(() => submit(1, 'bob')(draft))).toBe('template.not-yours');
    const state = after(save('a', 'alice'), submit(1, 'bob', ADMINS));
    expect(codeOf(() => sendBack(1, 'carol', [])(state))).toBe('template.not-yours');
    for (const [who, groups] of [
      ['alice', []],
      ['bob', []],
      ['carol', ADMINS],
    ] as const) {
      expect(sendBack(1, who, [...groups])(state)).toHaveLength(1);
    }
  });

  it('is submitted and sent back only from where it stands', () => {
    const state = after(save('a', 'alice'), submit(1, 'alice'));
    expect(codeOf(() => submit(1, 'alice')(state))).toBe('template.not-a-draft');
    const draft = after(save('a', 'alice'));
    expect(codeOf(() => sendBack(1, 'erin')(draft))).toBe('template.not-in-review');
    expect(codeOf(() => submit(2, 'alice')(draft))).toBe('template.version-not-found');
  });
});

describe('publishing', () => {
  const inReview = after(save('a', 'alice'), submit(1, 'bob', ADMINS));

  it('takes a second person: neither who wrote nor who submitted it', () => {
    for (const user of ['alice', 'bob']) {
      expect(codeOf(() => publish(1, user)(inReview))).toBe('template.second-person-needed');
    }
    const [event] = publish(1, 'erin')(inReview);
    expect(event).toMatchObject({ type: 'template.version-published', data: { version: 1 } });
  });

  it('is refused while an error stands, with every finding', () => {
    try {
      publish(1, 'erin', [doubt, fault])(inReview);
      expect('not').toBe('reached');
    } catch (error) {
      expect(error).toMatchObject({
        kind: 'rule',
        code: 'template.has-errors',
        details: { findings: [doubt, fault] },
      });
    }
    expect(publish(1, 'erin', [doubt])(inReview)).toHaveLength(1);
  });

  it('is refused for what nobody submitted, and for what was published before', () => {
    const draft = after(save('a', 'alice'));
    expect(codeOf(() => publish(1, 'erin')(draft))).toBe('template.not-in-review');
    const done = after(save('a', 'alice'), submit(1, 'alice'), publish(1, 'erin'));
    expect(codeOf(() => publish(1, 'frank')(done))).toBe('template.not-in-review');
  });

  it('is refused when the version is not what the reviewer was shown', () => {
    const shown = { shownHash: 'f'.repeat(64) };
    expect(codeOf(() => publishVersion(inReview, 1, by('erin'), [], shown))).toBe(
      'template.changed',
    );
  });

  it('takes the hash of what was shown once it was submitted more than once, and records it', () => {
    const again = [save('b', 'alice'), submit(1, 'carol', ADMINS)];
    const state = after(
      save('a', 'alice'),
      submit(1, 'bob', ADMINS),
      sendBack(1, 'erin'),
      ...again,
    );
    const { definitionHash: shownHash } = existing(state, 1);
    try {
      publish(1, 'erin')(state);
      expect('not').toBe('reached');
    } catch (error) {
      const details = { definitionHash: shownHash };
      expect(error).toMatchObject({ kind: 'rule', code: 'template.hash-needed', details });
    }
    const before = { shownHash: existing(inReview, 1).definitionHash };
    expect(codeOf(() => publishVersion(state, 1, by('erin'), [], before))).toBe('template.changed');
    const [event] = publishVersion(state, 1, by('erin'), [], { shownHash });
    expect(event?.data).toMatchObject({ definitionHash: shownHash, shownHash });
  });

  it('is not for anybody who has ever submitted it', () => {
    const again = [save('b', 'alice'), submit(1, 'carol', ADMINS)];
    const state = after(
      save('a', 'alice'),
      submit(1, 'bob', ADMINS),
      sendBack(1, 'erin'),
      ...again,
    );
    const shown = { shownHash: existing(state, 1).definitionHash };
    for (const user of ['alice', 'bob', 'carol']) {
      const code = codeOf(() => publishVersion(state, 1, by(user), [], shown));
      expect(code).toBe('template.second-person-needed');
    }
  });
});

describe('whoever was renamed since', () => {
  const wim9 = { id: 'wim9', name: 'Wim', roles: [], groups: [], active: true, logins: ['wim'] };
  const organisation = new Organisation({ people: [wim9] });
  const as = (id: string, groups: string[] = []) => by(id, groups, organisation);
  const written = after(save('a', 'wim'));
  const inReview = after(save('a', 'wim'), submit(1, 'wim'));
  const logins = [['wim'], ['wim9']] as const;

  it.each(logins)('does not publish what they wrote or submitted: %s', (id) => {
    const submitted = after(save('a', 'alice'), submit(1, 'wim', ADMINS));
    for (const state of [inReview, submitted]) {
      const code = codeOf(() => publishVersion(state, 1, as(id, ADMINS), []));
      expect(code).toBe('template.second-person-needed');
    }
    expect(publishVersion(inReview, 1, as('erin', ADMINS), [])).toHaveLength(1);
  });

  it.each(logins)('goes on with their own draft, under the id of today: %s', (id) => {
    const [event] = saveDraft(written, analysed('b'), as(id));
    expect(event?.data).toMatchObject({ version: 1, author: 'wim9' });
    const [submitted] = submitVersion(written, 1, as(id));
    expect(submitted?.data).toMatchObject({ submittedBy: 'wim9' });
    const [returned] = returnVersion(inReview, 1, as(id), 'not yet');
    expect(returned?.data).toMatchObject({ returnedBy: 'wim9' });
    const published = fold(
      templateAggregate,
      publishVersion(inReview, 1, as('erin', ADMINS), []),
      inReview,
    );
    expect(retireVersion(published, 1, as(id))).toHaveLength(1);
  });
});

describe('what may be started', () => {
  const two = after(
    save('a', 'alice'),
    submit(1, 'alice'),
    publish(1, 'erin'),
    save('b', 'alice'),
    submit(2, 'alice'),
  );
  const resolve = (state: TemplateState, version?: number) =>
    resolveVersion(state, 'review', version).version;
  const codeFor = (state: TemplateState, version?: number) => codeOf(() => resolve(state, version));

  it('is the latest published version, or the published one named', () => {
    expect(resolve(two)).toBe(1);
    expect(codeFor(two, 2)).toBe('template.not-published');
    const both = fold(templateAggregate, publish(2, 'erin')(two), two);
    expect([resolve(both), resolve(both, 1)]).toEqual([2, 1]);
  });

  it('is nothing of a template without a published version', () => {
    expect(codeFor({ versions: [] })).toBe('template.not-found');
    expect(codeFor(two, 3)).toBe('template.not-found');
    expect(codeFor(after(save('a', 'alice')))).toBe('template.not-published');
  });

  it('is not what was retired', () => {
    const state = fold(templateAggregate, retire(1)(two), two);
    expect(codeFor(state, 1)).toBe('template.retired');
    expect(codeOf(() => retire(1)(state))).toBe('template.not-published');
    expect(codeFor(after(bring('a'), retire(1)))).toBe('template.retired');
    expect(codeFor(after(bring('a'), retire(1), save('b', 'alice')))).toBe('template.retired');
  });
});

describe('templates that come with the product', () => {
  it('are published as the next version, once for each content', () => {
    expect(seen(after(bring('a'), bring('a'), save('x', 'alice'), bring('b')))).toEqual([
      'a PUBLISHED',
      'x DRAFT',
      'b PUBLISHED',
    ]);
  });

  it('are refused when the analysis finds an error', () => {
    const code = codeOf(() => publishBuiltIn({ versions: [] }, analysed('a', [fault])));
    expect(code).toBe('template.has-errors');
  });
});
