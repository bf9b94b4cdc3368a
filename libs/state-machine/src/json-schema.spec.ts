import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';

import { definitionJsonSchema, parseDefinition } from './index.js';

const validate = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
}).compile(definitionJsonSchema());

const parses = (input: unknown): boolean => {
  try {
    parseDefinition(input);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'definition.malformed' });
    return false;
  }
};

/** Uses every member that there is. */
const everything = {
  name: 'everything',
  title: 'Everything',
  description: 'All members.',
  initial: 'a',
  states: [
    {
      name: 'a',
      description: 'First',
      onEntry: { type: 'assign', values: { x: '1' } },
      onExit: [
        { type: 'emit', event: 'left', payload: { x: 'context.x' } },
        { type: 'pipeline', pipeline: 'clean-up', input: { x: 'context.x' } },
      ],
      timeout: { after: 'PT1H30M', to: 'b' },
      invoke: { template: 'other', version: 2, businessKey: '"k"', context: { y: 'context.x' } },
      allowedTransitions: ['b'],
    },
    { name: 'b', final: 'completed' },
  ],
  transitions: [
    {
      event: 'go',
      from: 'a',
      to: 'b',
      description: 'Goes',
      condition: 'context.x > 1',
      trigger: 'manual',
      action: { type: 'emit', event: 'gone' },
      roles: ['trader'],
      requiresApproval: {
        level: 'COMMITTEE',
        quorum: { percent: 50 },
        approvers: ['ann', 'group:g', 'role:r'],
        rejection: { veto: ['ann'] },
        abstain: true,
        expiry: { after: 'P1D', outcome: 'escalate' },
        reminders: ['PT4H'],
        escalation: [{ after: 'PT8H', approvers: ['role:head'] }],
        calendar: 'london',
        material: ['/notional', '/a~1b'],
        signature: { meaning: 'approved' },
        breakGlass: ['role:head'],
        within: ['group:g'],
        mayBeWeakened: false,
        onRejected: 'b',
      },
    },
    {
      event: 'stage',
      from: 'a',
      to: 'b',
      trigger: { after: 'P2W' },
      requiresApproval: {
        stages: [
          { name: 's', level: 'SINGLE', approvers: ['ann'], rejection: { count: 1 } },
          { name: 't', level: 'COMMITTEE', quorum: 2, approvers: ['role:r'], within: ['group:g'] },
        ],
      },
    },
    {
      event: 'auto',
      from: 'a',
      to: 'b',
      trigger: { signal: 'now' },
      requiresApproval: { level: 'AUTO', rule: 'subject.x > 1' },
    },
  ],
  contextSchema: [
    { name: 'x', type: 'number', required: true, description: 'A number', indexed: true },
  ],
  protected: [{ state: 'b', level: 'SINGLE' }],
  timeout: 'P30D',
  autoEscalate: { to: 'b' },
  administrators: ['group:admins'],
};

type Place = readonly (string | number)[];

/** Every place in a value, itself first. */
function placesIn(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [at, ...members.flatMap(([key, member]) => placesIn(member, [...at, key]))];
}

type Change = (parent: Record<string | number, unknown>, key: string | number) => void;

const values = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, 1, 101, -1, 1.5, '', 'a', 'A b', '__proto__', [], {}),
  fc.constantFrom('PT0S', 'P1M', 'PT5M', 'P', 'role:', 'role:r', '/a', 'AUTO', 'DUAL', 'COMMITTEE'),
  fc.constantFrom<unknown>(
    { count: 2 },
    { percent: 0 },
    { percent: 10 },
    ['x', 'y'],
    'x'.repeat(9_000),
  ),
);

const change: fc.Arbitrary<Change> = fc.oneof(
  values.map(
    (value): Change =>
      (parent, key) =>
        (parent[key] = value),
  ),
  fc.constant<Change>((parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else Reflect.deleteProperty(parent, key);
  }),
  fc
    .tuple(fc.constantFrom('level', 'quorum', 'rule', 'stages', 'extra', 'final'), values)
    .map(([name, value]): Change => (parent, key) => {
      const target = parent[key];
      if (typeof target === 'object' && target !== null && !Array.isArray(target)) {
        (target as Record<string, unknown>)[name] = value;
      }
    }),
);

describe('the JSON Schema of a definition', () => {
  it('accepts what uses every member, and its smallest form', () => {
    expect(parses(everything)).toBe(true);
    validate(everything);
    expect(validate.errors).toBeNull();
    const { name, initial } = everything;
    expect(validate({ name, initial, states: [{ name: 'a' }], transitions: [] })).toBe(true);
  });

  it('accepts and refuses what parsing does, whatever is changed', () => {
    const verdicts = { true: 0, false: 0 };
    const places = placesIn(everything).slice(1);
    const changes = fc.array(fc.tuple(fc.constantFrom(...places), change), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(changes, (list) => {
        const changed: unknown = structuredClone(everything);
        for (const [place, apply] of list) {
          let parent = changed as Record<string | number, unknown> | undefined;
          for (const key of place.slice(0, -1)) {
            const next = parent?.[key];
            parent = typeof next === 'object' ? (next as typeof parent) : undefined;
          }
          const last = place.at(-1);
          if (parent && last !== undefined) apply(parent, last);
        }
        const accepted = validate(changed);
        verdicts[`${accepted}`]++;
        expect({ accepted, changed }).toEqual({ accepted: parses(changed), changed });
      }),
      { numRuns: 1_500 },
    );
    expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan(100);
  });

  it('names and describes itself', () => {
    const schema = definitionJsonSchema();
    expect(schema).toMatchObject({
      $id: 'urn:countersign:template.json',
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['name', 'initial', 'states', 'transitions'],
      additionalProperties: false,
      properties: { timeout: { description: 'How long an instance may take as a whole.' } },
    });
    Object.assign(schema, { $id: 'changed' });
    expect(definitionJsonSchema()['$id']).not.toBe('changed');
  });
});
