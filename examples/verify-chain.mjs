// Recomputes the hash chain of streams, with nothing of the product but the rule of docs/audit-evidence.md:
//   curl ... /api/v1/events?stream=approval-<id>&limit=1000 > page.json; node examples/verify-chain.mjs page.json
// Takes pages of whole streams in their order, or one on standard input. Ends with 1 where a chain breaks.
// --heads FILE: what it printed another time; each head in it has to stand where it stood. Streams may have grown since.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

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

/** @returns the events of a page, or ends with a sentence. */
function eventsIn(file) {
  const name = file === 0 ? 'standard input' : file;
  const page = jsonIn(read(file));
  if (typeof page?.code === 'string') stop(`${name} is a refusal: ${page.code}: ${page.detail}`);
  const events = page?.items;
  if (!Array.isArray(events) || !events.every(isEvent)) {
    stop(`${name} is not a page of events, as GET /api/v1/events answers it`);
  }
  return events;
}

const isEvent = (item) =>
  typeof item?.stream === 'string' && typeof item.metadata?.hash === 'string';

function jsonIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return stop(error.message);
  }
}

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** By stream and number of events. */
function keptHeads(file) {
  const heads = read(file).matchAll(/^(\S+): (\d+) events, the last has ([0-9a-f]{64})$/gm);
  const kept = new Map([...heads].map(([, stream, count, hash]) => [`${stream}: ${count}`, hash]));
  if (kept.size === 0) stop(`${file} holds no heads, as this program prints them`);
  return kept;
}

const { values, positionals } = parseArgs({
  options: { heads: { type: 'string' } },
  allowPositionals: true,
});
const kept = values.heads === undefined ? new Map() : keptHeads(values.heads);
const events = (positionals.length > 0 ? positionals : [0]).flatMap(eventsIn);
if (events.length === 0) stop('there are no events to look at');

const heads = new Map();
for (const event of events) {
  const { stream, revision, type, metadata } = event;
  const head = heads.get(stream) ?? { revision: -1, hash: '0'.repeat(64) };
  const holds =
    revision === head.revision + 1 &&
    metadata.prevHash === head.hash &&
    metadata.hash === hashOf(event);
  console.log(`${metadata.recordedAt} ${type} by ${metadata.actor}${holds ? '' : ' BROKEN'}`);
  if (!holds) process.exitCode = 1;
  heads.set(stream, { revision, hash: metadata.hash });
  const place = `${stream}: ${revision + 1}`;
  if (kept.get(place) === metadata.hash) kept.delete(place);
}
for (const [stream, { revision, hash }] of heads) {
  console.log(`${stream}: ${revision + 1} events, the last has ${hash}`);
}
for (const [stream, count] of [...kept.keys()].map((place) => place.split(': '))) {
  console.log(`${stream}: BROKEN, the kept head at event ${count} is another or gone`);
  process.exitCode = 1;
}
console.log(process.exitCode === 1 ? 'BROKEN' : 'every chain holds');
