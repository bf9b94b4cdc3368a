import { runTests } from './run-tests.js';

// `pnpm test:kurrentdb`: the contract suite and the main job on the server that KURRENTDB_URL names.
// What others, or earlier runs, have left on it does not matter, and what this leaves is not removed.
if (process.env['KURRENTDB_URL']) {
  const patterns = ['libs/event-store/src/kurrentdb', 'test-e2e/follow-one-command'];
  await runTests(patterns, { TEST_EVENT_STORE: 'kurrentdb' });
} else {
  console.error(
    'Set KURRENTDB_URL to the server to test on, such as esdb://127.0.0.1:2113?tls=false.',
  );
  process.exitCode = 1;
}
