export {
  type BulkDecision,
  type BulkDecisionsQuery,
  Countersign,
  type DecisionOptions,
  type DelegationsQuery,
  type PendingQuery,
  type Shown,
} from './countersign.js';
export { developmentToken } from './development-token.js';
export type { CallOptions, ConnectionOptions } from './http.js';
export { CountersignError } from './problem.js';
export { type EventName, outcomes, type PublishedEvent } from './published-event.js';
export type { Approval, BulkDecisionDetail, BulkDecisionJob } from './replies.js';
export { subscribe } from './subscribe.js';
export type { Failure, SubscribeOptions } from './subscribe-options.js';
export type { Subscription } from './subscription.js';
