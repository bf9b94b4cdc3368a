import {
  FindingCounts,
  JsonValue,
  Name,
  Provenance,
  Sha256,
  TemplateStatus,
} from '@countersign/contracts';
import { WorkflowDefinition } from '@countersign/state-machine';
import { z } from 'zod';

import { itemsOf, pageOf, Timestamp } from './parameters.js';

const Person = z.string().describe('id of a person, or of a part of the product');

const TemplateItem = z.object({
  name: Name,
  version: z.int().positive(),
  status: TemplateStatus,
  title: z.string(),
  description: z.string().nullable(),
  definitionHash: Sha256,
  language: z.string().describe('expression language that it was last checked with'),
  author: Person,
  submittedBy: Person.nullable(),
  reviewers: z.array(Person).describe('who sent it back or published it'),
  publishedBy: Person.nullable(),
  publishedAt: Timestamp.nullable(),
  findings: FindingCounts.nullable().describe('of the analysis when it was saved'),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});

export const TemplatePage = pageOf(TemplateItem);
export const TemplateVersions = itemsOf(TemplateItem);

export const TemplateDetail = TemplateItem.extend({
  definition: WorkflowDefinition,
  importedFrom: Provenance.nullable().describe('what an imported file said of itself'),
  history: z.array(
    z.object({
      action: z.enum(['saved', 'submitted', 'returned', 'published', 'retired']),
      by: Person,
      at: Timestamp,
      comment: z.string().nullable(),
    }),
  ),
});

export const TemplateDiff = z.object({
  name: Name,
  from: z.int().positive(),
  to: z.int().positive(),
  changes: z.array(
    z.object({
      kind: z.enum(['added', 'removed', 'changed', 'reordered']),
      what: z.enum(['definition', 'state', 'transition', 'field', 'protection']),
      name: z.string().optional(),
      path: z
        .string()
        .describe(
          'JSON pointer into the newer definition; of what was removed, into the older one',
        ),
      before: JsonValue.optional(),
      after: JsonValue.optional(),
    }),
  ),
});
