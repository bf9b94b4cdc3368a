export {
  faultsInApproval,
  type PeopleAfterChange,
  type RecordedApprovalEvent,
} from './approval-oracle.js';
export { DocumentedReplies } from './documented-replies.js';
export { eventually } from './eventually.js';
export { FakeClock } from './fake-clock.js';
export { codeOf, codeOfRejection, given } from './given.js';
export { TestNats } from './test-nats.js';
export {
  startOwnPostgres,
  startTestPostgres,
  TEST_POSTGRES_URL,
  type TestDatabase,
} from './test-postgres.js';
export { schemaValidator } from './schema-validator.js';
