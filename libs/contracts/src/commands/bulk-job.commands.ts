import { z } from 'zod';

import { BusinessKey, Id, Name, Position, Reason } from '../scalars.js';
import { defineCommand } from './command-type.js';
import { MigrationBody } from './workflow.commands.js';

/** Instances that one bulk job may hold. */
export const MAX_BULK_ITEMS = 10_000;

export const BulkAction = z.enum(['cancel', 'retry', 'migrate']);
export type BulkAction = z.infer<typeof BulkAction>;

const FieldValue = z.union([z.string().max(300), z.number(), z.boolean()]);

/** Which running instances are meant: those that fit every member. */
export const BulkQuery = z
  .strictObject({
    status: z.enum(['DRAFT', 'ACTIVE', 'PAUSED']).optional(),
    template: Name.optional(),
    state: z.string().min(1).max(64).optional(),
    businessKey: BusinessKey.optional(),
    context: z
      .record(z.string().max(100), FieldValue)
      .refine((fields) => Object.keys(fields).length <= 10, 'at most 10 fields')
      .optional()
      .describe('by fields that the template declares as `indexed`'),
  })
  .describe('running instances only; without members, all of them');
export type BulkQuery = z.infer<typeof BulkQuery>;

const wanted = {
  action: BulkAction,
  query: BulkQuery,
  version: MigrationBody.shape.version.describe(
    'of `migrate`: the version to follow; absent, the latest published one',
  ),
  states: MigrationBody.shape.states
    .unwrap()
    .optional()
    .describe('of `migrate`: where instances go whose state is called something else there'),
};

interface Wanted {
  readonly action: BulkAction;
  readonly query: BulkQuery;
  readonly version?: number | undefined;
  readonly states?: Readonly<Record<string, string>> | undefined;
}

const namesTemplate = ({ action, query }: Wanted) =>
  action !== 'migrate' || query.template !== undefined;
const isPlain = ({ action, version, states }: Wanted) =>
  action === 'migrate' || (version === undefined && states === undefined);
const TEMPLATE_NEEDED = {
  path: ['query', 'template'],
  message: 'migrate one template at a time: name it',
};
const FOR_MIGRATE_ONLY = { path: ['action'], message: '`version` and `states` are of `migrate`' };

export const BulkPreviewBody = z
  .strictObject(wanted)
  .refine(namesTemplate, TEMPLATE_NEEDED)
  .refine(isPlain, FOR_MIGRATE_ONLY);

export const BulkJobBody = z
  .strictObject({
    ...wanted,
    reason: Reason,
    expectedCount: z
      .int()
      .min(1)
      .max(MAX_BULK_ITEMS)
      .describe('how many instances there are, as the preview told'),
  })
  .refine(namesTemplate, TEMPLATE_NEEDED)
  .refine(isPlain, FOR_MIGRATE_ONLY);

/** The scopes whose instances the caller may see; null: all of them. Filled in by the gateway. */
const scopes = z.array(z.string()).nullable();

export const BulkPreview = z.object({
  count: z.int().nonnegative().describe('instances that it would be about'),
  capped: z.boolean().describe(`there are more than ${MAX_BULK_ITEMS}: too many for one job`),
  sample: z
    .array(
      z.object({
        workflowId: Id,
        businessKey: z.string().nullable(),
        state: z.string(),
        problems: z
          .array(z.string())
          .optional()
          .describe('of `migrate`: why it is not possible; empty when it is'),
      }),
    )
    .describe('some of them, of every state at least one as far as there is room'),
  approval: z
    .object({ level: z.string(), approvers: z.array(z.string()) })
    .optional()
    .describe('of `migrate`: who will have to agree'),
});
export type BulkPreview = z.infer<typeof BulkPreview>;

export const PreviewBulkJob = defineCommand(
  'workflow',
  'preview-bulk-job',
  z.strictObject({ wanted: BulkPreviewBody, scopes }),
  BulkPreview,
);

export const BulkJobStatus = z.enum([
  'AWAITING_APPROVAL',
  'RUNNING',
  'STOPPING',
  'COMPLETED',
  'STOPPED',
  'REJECTED',
]);
export type BulkJobStatus = z.infer<typeof BulkJobStatus>;

export const BulkJobReply = z.object({
  jobId: Id,
  status: BulkJobStatus,
  count: z.int().positive(),
  /** The approval that a migration waits for. */
  approvalId: Id.optional(),
  position: Position,
});
export type BulkJobReply = z.infer<typeof BulkJobReply>;

export const CreateBulkJob = defineCommand(
  'workflow',
  'create-bulk-job',
  z.strictObject({ wanted: BulkJobBody, scopes }),
  BulkJobReply,
);

export const StopBulkJob = defineCommand(
  'workflow',
  'stop-bulk-job',
  z.strictObject({ jobId: Id, reason: Reason }),
  BulkJobReply,
);
