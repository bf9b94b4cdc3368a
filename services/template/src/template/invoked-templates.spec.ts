import { parseDefinition, type WorkflowDefinition } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import type { TemplateStatus } from '@countersign/contracts';
import type { TemplateState } from './domain/state.js';
import { templatesInvokedBy } from './invoked-templates.js';

type Reference = readonly [string, number?];

const invoking = (name: string, ...references: Reference[]): WorkflowDefinition =>
  parseDefinition({
    name,
    initial: 's0',
    states: [
      ...references.map(([template, version], index) => ({
        name: `s${index}`,
        invoke: { template, context: {}, ...(version === undefined ? {} : { version }) },
      })),
      { name: 'end', final: 'completed' as const },
    ],
    transitions: [],
    contextSchema: [
      { name: `${name}-needs`, type: 'any', required: true },
      { name: 'may', type: 'any' },
    ],
  });

const versions = (
  name: string,
  ...all: (readonly [TemplateStatus, ...Reference[]])[]
): TemplateState => ({
  versions: all.map(([status, ...references], index) => ({
    name,
    version: index + 1,
    status,
    definition: invoking(name, ...references),
    submitters: [],
    definitionHash: '',
    language: '',
  })),
});

describe('what is known of invoked templates', () => {
  const stored = new Map([
    [
      'one',
      versions('one', ['PUBLISHED', ['two', 1]], ['PUBLISHED', ['two']], ['DRAFT', ['gone']]),
    ],
    ['two', versions('two', ['RETIRED'], ['IN_REVIEW'])],
    ['old', versions('old', ['RETIRED'])],
  ]);
  const load = (name: string) => Promise.resolve(stored.get(name) ?? { versions: [] });

  it('is what would be started today, and so on', async () => {
    const definition = invoking(
      'top',
      ['one'],
      ['one', 1],
      ['old'],
      ['never'],
      ['top'],
      ['one', 9],
      ['two', 2],
    );
    const of = { required: [], invokes: [] };
    const required = ['one-needs'];
    expect(await templatesInvokedBy(definition, load)).toEqual({
      one: { required, invokes: [{ template: 'two', state: 's0' }] },
      'one version 1': { required, invokes: [{ template: 'two', version: 1, state: 's0' }] },
      old: { ...of, unavailable: 'retired' },
      never: { ...of, unavailable: 'unknown' },
      top: { ...of, unavailable: 'unknown' },
      'one version 9': { ...of, unavailable: 'unknown' },
      two: { ...of, unavailable: 'retired' },
      'two version 2': { ...of, unavailable: 'not published' },
      'two version 1': { ...of, unavailable: 'retired' },
    });
  });

  it('has an end', async () => {
    let loaded = 0;
    const endless = (name: string) => {
      loaded++;
      return Promise.resolve(versions(name, ['PUBLISHED', [`${name}1`]]));
    };
    const known = await templatesInvokedBy(invoking('top', ['a']), endless);
    expect([Object.keys(known).length, loaded]).toEqual([50, 50]);
  });
});
