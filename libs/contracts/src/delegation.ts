import { Approver } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { Name } from './scalars.js';

/** What a delegation covers. Absent members do not restrict. */
export const DelegationScope = z.strictObject({
  /** Approvals of these templates only; an ad-hoc request has none. */
  templates: z.array(Name).min(1).max(50).optional(),
  /** Only where the policy names the person by one of these: their id, `role:x`, `group:x`. */
  approvers: z.array(Approver).min(1).max(50).optional(),
});
export type DelegationScope = z.infer<typeof DelegationScope>;
