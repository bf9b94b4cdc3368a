import { devDirectory } from '@countersign/service-kit';
import {
  applyOverrides,
  DefinitionOverrides,
  mustBeReachable,
  Organisation,
  roundsOf,
  validateDefinition,
} from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';

import { builtInTemplates } from './index.js';

const each = builtInTemplates.map((definition) => [definition.name, definition] as const);

describe('the templates that come with the product', () => {
  it.each(each)('pass the analysis: %s', (_, definition) => {
    expect(validateDefinition(definition, { directory: devDirectory })).toEqual([]);
  });

  it.each(each)(
    'find three people for every approval besides whoever asks: %s',
    (_, definition) => {
      const rounds = definition.transitions.flatMap(({ requiresApproval }) =>
        requiresApproval === undefined ? [] : roundsOf(requiresApproval),
      );
      expect(rounds.length).toBeGreaterThan(3);
      const few = rounds.filter(
        ({ approvers }) => new Organisation(devDirectory).named(approvers).size < 4,
      );
      expect(few).toEqual([]);
    },
  );

  it.each(each)(
    'have several levels, timeouts, rework, protected and searchable parts: %s',
    (_, definition) => {
      const { states, transitions, contextSchema } = definition;
      const levels = new Set(transitions.map(({ requiresApproval }) => requiresApproval?.level));
      expect(levels.size).toBeGreaterThan(2);
      expect(states.filter(({ timeout }) => timeout).length).toBeGreaterThan(3);
      expect(transitions.some(({ requiresApproval }) => requiresApproval?.onRejected)).toBe(true);
      expect(definition.protected?.length).toBeGreaterThan(0);
      expect(contextSchema.filter(({ indexed }) => indexed).length).toBeGreaterThan(2);
    },
  );

  it('use what a policy offers, but for calendars, which an organisation has of its own', () => {
    const used = builtInTemplates.flatMap(({ transitions }) =>
      transitions.flatMap(({ requiresApproval: policy = {} }) => Object.keys(policy)),
    );
    expect(used).toEqual(
      expect.arrayContaining([
        ...['stages', 'rejection', 'abstain', 'expiry', 'reminders', 'escalation'],
        ...['material', 'signature', 'breakGlass', 'auditRefusals'],
      ]),
    );
    expect(used).not.toContain('calendar');
  });

  it('take the overrides that the README shows', async () => {
    const readme = await readFile(new URL('../../../../../README.md', import.meta.url), 'utf8');
    const [, json = ''] = /^OVERRIDES='(.*)'$/m.exec(readme) ?? [];
    const overrides = DefinitionOverrides.parse(JSON.parse(json));
    expect(overrides).not.toEqual({ approvals: {} });
    const trade = builtInTemplates.find(({ name }) => name === 'trade_approval');
    const changed = trade && applyOverrides(trade, overrides);
    expect(changed).toBeDefined();
    if (changed) mustBeReachable(changed, overrides, new Organisation(devDirectory), ['alice']);
  });
});
