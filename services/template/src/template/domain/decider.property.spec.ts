import type { TemplateEvent } from '@countersign/contracts';
import { AppError, fold } from '@countersign/kernel';
import { Organisation, parseDefinition } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  type Cause,
  publishVersion,
  retireVersion,
  returnVersion,
  saveDraft,
  submitVersion,
} from './decider.js';
import { templateAggregate, type TemplateState } from './state.js';

const people = ['alice', 'bob', 'carol'] as const;
const contents = ['one', 'two', 'three'].map((title) =>
  parseDefinition({
    name: 'review',
    title,
    initial: 'new',
    states: [{ name: 'new' }, { name: 'done', final: 'completed' }],
    transitions: [{ event: 'finish', from: 'new', to: 'done' }],
  }),
);

const nobodyKnown = new Organisation({ people: [] });
const causeOf = (id: string): Cause => ({ actor: { id, groups: [] }, organisation: nobodyKnown });

/** A command of somebody, as a function of the state. */
interface Command {
  readonly by: string;
  readonly decide: (state: TemplateState) => readonly TemplateEvent[];
}

/** Carol says what she looks at, the others do not. */
function shownTo(by: string, { versions }: TemplateState, version: number) {
  return by === 'carol' ? { shownHash: versions[version - 1]?.definitionHash } : {};
}

const command: fc.Arbitrary<Command> = fc
  .record({
    kind: fc.constantFrom('save', 'submit', 'publish', 'return', 'retire'),
    by: fc.constantFrom(...people),
    definition: fc.constantFrom(...contents),
    version: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ kind, by, definition, version }) => ({
    by,
    decide(state) {
      switch (kind) {
        case 'save':
          return saveDraft(state, { definition, findings: [] }, causeOf(by));
        case 'submit':
          return submitVersion(state, version, causeOf(by));
        case 'publish':
          return publishVersion(state, version, causeOf(by), [], shownTo(by, state, version));
        case 'return':
          return returnVersion(state, version, causeOf(by), 'because');
        default:
          return retireVersion(state, version, causeOf(by));
      }
    },
  }));

/** The events of a history with who caused each; refused commands leave nothing. */
function run(commands: readonly Command[]): { by: string; event: TemplateEvent }[] {
  let state = templateAggregate.initialState;
  const history: { by: string; event: TemplateEvent }[] = [];
  for (const { by, decide } of commands) {
    try {
      const events = decide(state);
      state = fold(templateAggregate, events, state);
      history.push(...events.map((event) => ({ by, event })));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
  return history;
}

const commands = fc.array(command, { minLength: 10, maxLength: 40, size: 'max' });

describe('any sequence of commands', () => {
  it('publishes only what somebody else than its author and its submitters has published, as submitted and shown', () => {
    let published = 0;
    fc.assert(
      fc.property(commands, (sequence) => {
        const history = run(sequence);
        for (const [at, { by, event }] of history.entries()) {
          if (event.type !== 'template.version-published') continue;
          published++;
          const { version, definitionHash } = event.data;
          const about = history
            .slice(0, at)
            .filter((earlier) => earlier.event.data.version === version);
          // Judged from the events alone, not from the state that the decider looks at.
          const submission = about.at(-1);
          expect(submission?.event.type).toBe('template.version-submitted');
          expect(submission?.event.data).toMatchObject({ definitionHash });
          const submissions = about.filter(
            ({ event: { type } }) => type === 'template.version-submitted',
          );
          expect(submissions.map((each) => each.by)).not.toContain(by);
          if (submissions.length > 1) expect(event.data.shownHash).toBe(definitionHash);
          const drafts = about.filter(({ event: { type } }) => type === 'template.draft-saved');
          expect(drafts.at(-1)?.event.data).toMatchObject({ definitionHash });
          expect(drafts.map((draft) => draft.by)).not.toContain(by);
        }
      }),
      { numRuns: 500 },
    );
    // Otherwise nothing was shown.
    expect(published).toBeGreaterThan(50);
  });

  it('never changes what was published, and numbers versions without a gap', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        const events = run(sequence).map(({ event }) => event);
        const state = fold(templateAggregate, events);
        expect(state.versions.map(({ version }) => version)).toEqual(
          state.versions.map((_, index) => index + 1),
        );
        for (const { type, data } of events) {
          if (type !== 'template.version-published') continue;
          expect(state.versions[data.version - 1]?.definitionHash).toBe(data.definitionHash);
        }
      }),
    );
  });
});
