import { runTests } from './run-tests.js';

// `npm test`: all tests, or those whose path matches an argument.
await runTests(process.argv.slice(2));
