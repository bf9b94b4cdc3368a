import { z } from 'zod';

import { ApprovalPolicy, ApprovalStage } from './approval-policy.js';
import { WorkflowDefinition } from './definition.js';
import { Duration } from './duration.js';
import { ExpressionMap, MOST_FIELDS } from './expression-text.js';
import { FieldName } from './names.js';

/** A JSON Schema, of draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Name of the schema of a definition. */
export const DEFINITION_SCHEMA_ID = 'urn:countersign:template.json';

const committee = { properties: { level: { const: 'COMMITTEE' } }, required: ['level'] };
const automatic = { properties: { level: { const: 'AUTO' } }, required: ['level'] };
const quorumWithCommittee = {
  if: committee,
  then: { required: ['quorum'] },
  else: { properties: { quorum: false } },
};

/** What the zod schemas check in code. */
const rules = new Map<z.core.$ZodType, JsonSchema>([
  [
    Duration,
    {
      description:
        'ISO 8601, of weeks, days, hours, minutes and seconds: PT1H30M. At most ten years.',
      pattern:
        '^P(?=.*[1-9])(?:\\d{1,4}W)?(?:\\d{1,5}D)?(?:T(?=\\d)(?:\\d{1,6}H)?(?:\\d{1,8}M)?(?:\\d{1,9}(?:\\.\\d{1,3})?S)?)?$',
    },
  ],
  [FieldName, { not: { const: '__proto__' } }],
  [ExpressionMap, { maxProperties: MOST_FIELDS, description: 'Members and the CEL of each.' }],
  [ApprovalStage, { allOf: [quorumWithCommittee] }],
  [
    ApprovalPolicy,
    {
      if: { required: ['stages'] },
      then: {
        properties: {
          level: false,
          quorum: false,
          rejection: false,
          rule: false,
          approvers: { maxItems: 0 },
        },
      },
      else: {
        required: ['level'],
        allOf: [
          quorumWithCommittee,
          {
            if: automatic,
            else: {
              required: ['approvers'],
              properties: { approvers: { minItems: 1 }, rule: false },
            },
          },
        ],
      },
    },
  ],
]);

let made: JsonSchema | undefined;

/**
 * The JSON Schema (draft 2020-12) of a definition as people write it, for editors and other languages. What it
 * accepts `parseDefinition` accepts, but for durations of more than ten years.
 */
export function definitionJsonSchema(): JsonSchema {
  made ??= {
    $id: DEFINITION_SCHEMA_ID,
    title: 'Workflow definition',
    ...z.toJSONSchema(WorkflowDefinition, {
      io: 'input',
      target: 'draft-2020-12',
      override: ({ zodSchema, jsonSchema }) => {
        const { description, ...rule } = rules.get(zodSchema) ?? {};
        Object.assign(jsonSchema, rule);
        if (typeof description === 'string') jsonSchema.description ??= description;
      },
    }),
  };
  return structuredClone(made);
}
