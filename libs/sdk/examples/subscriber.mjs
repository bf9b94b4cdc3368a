// Books every outcome of an approval once, in a file: node libs/sdk/examples/subscriber.mjs [FILE]
// Stop it with Ctrl-C, kill it, start it twice: no outcome is missed, and none is booked twice.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import { outcomes, subscribe } from '@countersign/sdk';

const [file = 'outcomes.jsonl'] = process.argv.slice(2);
const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
const booked = new Set(lines.map((line) => JSON.parse(line).id));

const subscription = await subscribe({
  servers: `127.0.0.1:${process.env.NATS_PORT ?? 4222}`,
  credentials: { user: 'subscriber', pass: 'subscriber' },
  durable: 'subscriber-1',
  events: outcomes,
  handle: ({ id, name, time, data }) => {
    // Delivered again, because it was booked and the acknowledgement was lost.
    if (booked.has(id)) return;
    const outcome = { id, name, time, approvalId: data.approvalId, subject: data.subject };
    appendFileSync(file, `${JSON.stringify(outcome)}\n`);
    booked.add(id);
    console.log(`${name} ${data.approvalId}`);
  },
  log: console.error,
});
console.log(`Booking outcomes in ${file}; ${booked.size} are there. Ctrl-C stops it.`);
process.once('SIGINT', () => void subscription.stop());
