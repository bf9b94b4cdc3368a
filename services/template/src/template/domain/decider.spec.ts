import { parseDefinition, validateDefinition } from '@countersign/state-machine';
import { codeOf, given } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { builtInTemplates } from '../built-in/index.js';
import { publishTemplate, resolveVersion } from './decider.js';
import { templateAggregate } from './state.js';

const sound = (title: string) =>
  parseDefinition({
    name: 'review',
    title,
    initial: 'new',
    states: [{ name: 'new' }, { name: 'done', final: 'completed' }],
    transitions: [{ event: 'finish', from: 'new', to: 'done' }],
  });

describe('templates', () => {
  it('are published as numbered versions, once for each content', () => {
    const first = given(templateAggregate).when((state) => publishTemplate(state, sound('one')));
    expect(first.events[0]?.data).toMatchObject({ name: 'review', version: 1 });
    expect(publishTemplate(first.state, sound('one'))).toEqual([]);
    const second = given(templateAggregate, ...first.events).when((state) =>
      publishTemplate(state, sound('two')),
    );
    expect(second.events[0]?.data.version).toBe(2);
    expect(resolveVersion(second.state, 'review').version).toBe(2);
    expect(resolveVersion(second.state, 'review', 1).definition.title).toBe('one');
    expect(codeOf(() => resolveVersion(second.state, 'review', 3))).toBe('template.not-found');
  });

  it('are refused when the analysis finds an error', () => {
    const unsound = { ...sound('x'), initial: 'nowhere' };
    expect(codeOf(() => publishTemplate({ versions: [] }, unsound))).toBe('template.unsound');
  });

  it.each(builtInTemplates.map((definition) => [definition.name, definition] as const))(
    'that come with the product are sound: %s',
    (_, definition) => {
      expect(validateDefinition(definition)).toEqual([]);
    },
  );
});
