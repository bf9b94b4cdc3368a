import { z } from 'zod';

import { ApprovalStage } from './approval-policy.js';
import { Name } from './names.js';

/** What may be said differently about one round. AUTO is not offered: it would take the approval away. */
export const RoundOverride = ApprovalStage.pick({
  level: true,
  quorum: true,
  approvers: true,
}).partial();
export type RoundOverride = z.infer<typeof RoundOverride>;

/** What may be said differently about one approval: about itself, or about its stages by their names. */
export const ApprovalOverride = RoundOverride.extend({
  stages: z.record(Name, RoundOverride).optional(),
});
export type ApprovalOverride = z.infer<typeof ApprovalOverride>;

/** What may be said differently about a definition when an instance of it is started. */
export const DefinitionOverrides = z.strictObject({
  /** By event: holds for every transition of that event that requires an approval. */
  approvals: z.record(Name, ApprovalOverride).default({}),
});
export type DefinitionOverrides = z.infer<typeof DefinitionOverrides>;
