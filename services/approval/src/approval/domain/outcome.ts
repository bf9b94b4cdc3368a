import type { ApprovalEvent } from '@countersign/contracts';

import { identityOf } from './identity.js';
import type { ExistingApproval } from './state.js';

/** An outcome, and before it the end of the incidents about what it ends: an outcome is the last that is said. */
export function ended(
  { incidents, request }: ExistingApproval,
  outcome: ApprovalEvent,
): readonly ApprovalEvent[] {
  const resolution = `the approval ends: ${outcome.type}`;
  const resolved = [...incidents.keys()].map((code): ApprovalEvent => {
    const data = { ...identityOf(request), code, resolution };
    return { type: 'approval.incident-resolved', data };
  });
  return [...resolved, outcome];
}
