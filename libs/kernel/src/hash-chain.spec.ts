import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { StoredEvent } from './envelope.js';
import { eventHash, GENESIS_HASH, verifyChain } from './hash-chain.js';
import type { JsonObject } from './json.js';

function chain(datas: readonly JsonObject[]): StoredEvent[] {
  let prevHash = GENESIS_HASH;
  return datas.map((data, revision) => {
    const stream = 'approval-00000000-0000-0000-0000-000000000001';
    const metadata = {
      correlationId: 'c',
      causationId: 'c',
      commandId: 'c',
      commandHash: 'h',
      actor: 'alice',
      roles: 'trader',
      authMethod: 'bearer',
      recordedAt: '2026-01-02T03:04:05.678Z',
      prevHash,
    };
    const event = { eventId: `e${revision}`, type: 'a.b', schemaVersion: 1, data };
    const hash = eventHash(stream, revision, { ...event, metadata });
    prevHash = hash;
    return { ...event, stream, revision, position: `${revision}`, metadata: { ...metadata, hash } };
  });
}

const histories = fc
  .array(fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<never>), {
    minLength: 2,
    maxLength: 6,
  })
  .map((datas) => chain(datas as JsonObject[]));

describe('hash chain', () => {
  it('does not change: stored hashes must verify for ever', () => {
    const [first] = chain([{ b: 1, a: ['x', null, 1.5] }]);
    expect(first?.metadata.hash).toMatchInlineSnapshot(
      `"adb8795420456d4a308e03792e27652b31df41c7f9d3d78cb5c86df1fbe2c1c1"`,
    );
  });

  it('holds for what was written, also after a trip through JSON with other key order', () => {
    fc.assert(
      fc.property(histories, (events) => {
        const reordered = events.map((event) => ({
          ...event,
          data: Object.fromEntries(
            Object.entries(JSON.parse(JSON.stringify(event.data)) as JsonObject).reverse(),
          ),
        }));
        expect(verifyChain(reordered)).toBeUndefined();
      }),
    );
  });

  it('shows any change to data, actor or time, and any event that is missing or moved', () => {
    fc.assert(
      fc.property(
        histories,
        fc.nat(),
        fc.constantFrom('data', 'actor', 'time', 'drop', 'swap'),
        (events, at, how) => {
          const index = at % (events.length - 1);
          const tampered = structuredClone(events);
          const event = tampered[index];
          const next = tampered[index + 1];
          if (!event || !next) return;
          if (how === 'data')
            tampered[index] = { ...event, data: { ...event.data, tampered: true } };
          if (how === 'actor')
            tampered[index] = { ...event, metadata: { ...event.metadata, actor: 'mallory' } };
          if (how === 'time') {
            const metadata = { ...event.metadata, recordedAt: '2027-01-01T00:00:00.000Z' };
            tampered[index] = { ...event, metadata };
          }
          if (how === 'drop') tampered.splice(index, 1);
          if (how === 'swap') tampered.splice(index, 2, next, event);
          expect(verifyChain(tampered)).toBeDefined();
        },
      ),
    );
  });
});
