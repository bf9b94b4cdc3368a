// Recomputes the hash chain of streams, with nothing of the product but the rule of docs/audit-evidence.md:
//   curl ... /api/v1/events?stream=approval-<id>&limit=1000 > page.json; node examples/verify-chain.mjs page.json
// Takes pages of whole streams in their order, or one on standard input. Ends with 1 where a chain breaks.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** RFC 8785: members sorted, no white space. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

function hashOf({ stream, revision, eventId, type, schemaVersion, data, metadata }) {
  const others = Object.entries(metadata).filter(([name]) => name !== 'hash');
  const covered = { stream, revision, eventId, type, schemaVersion, data };
  covered.metadata = Object.fromEntries(others);
  return createHash('sha256')
    .update(metadata.prevHash + canonical(covered))
    .digest('hex');
}

const files = process.argv.slice(2);
const heads = new Map();
for (const file of files.length > 0 ? files : [0]) {
  for (const event of JSON.parse(readFileSync(file, 'utf8')).items) {
    const { stream, revision, type, metadata } = event;
    const head = heads.get(stream) ?? { revision: -1, hash: '0'.repeat(64) };
    const holds =
      revision === head.revision + 1 &&
      metadata.prevHash === head.hash &&
      metadata.hash === hashOf(event);
    console.log(`${metadata.recordedAt} ${type} by ${metadata.actor}${holds ? '' : ' BROKEN'}`);
    if (!holds) process.exitCode = 1;
    heads.set(stream, { revision, hash: metadata.hash });
  }
}
for (const [stream, { revision, hash }] of heads) {
  console.log(`${stream}: ${revision + 1} events, the last has ${hash}`);
}
if (heads.size === 0) process.exitCode = 1;
console.log(process.exitCode === 1 ? 'BROKEN, or nothing to look at' : 'every chain holds');
