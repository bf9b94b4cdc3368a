// Handles one event, says so, and is killed before it can acknowledge: node subscriber-that-dies.mjs SERVER
import { writeSync } from 'node:fs';

import { subscribe } from '@countersign/sdk';

await subscribe({
  servers: process.argv[2],
  credentials: { user: 'subscriber', pass: 'subscriber' },
  durable: 'subscriber',
  events: ['approval.granted'],
  handle: ({ id }) => {
    writeSync(1, id);
    process.kill(process.pid, 'SIGKILL');
    // Until the signal arrives.
    return new Promise(() => undefined);
  },
});
