import { parseDefinition, type WorkflowDefinition } from '@countersign/state-machine';

import { accountOnboarding } from './account-onboarding.js';
import { complianceReview } from './compliance-review.js';
import { modelDeployment } from './model-deployment.js';
import { tradeApproval } from './trade-approval.js';

/** The templates that come with the product. A change here is published as their next version. */
export const builtInTemplates: readonly WorkflowDefinition[] = [
  tradeApproval,
  complianceReview,
  modelDeployment,
  accountOnboarding,
].map(parseDefinition);
