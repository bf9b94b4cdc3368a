import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';

import { TestSystem } from './src/system.js';
import { cdmFiles } from './src/trades.js';

interface Incident {
  readonly code: string;
  readonly kind: string;
  readonly message: string;
}
interface Workflow {
  readonly businessKey: string;
  readonly template: string;
  readonly status: string;
}

describe('trade events', () => {
  let system: TestSystem;
  let plain: NatsConnection;

  beforeAll(async () => {
    system = await TestSystem.start();
    plain = await connect({ servers: system.nats.anonymousUrl });
  }, 120_000);

  afterAll(async () => {
    await plain.close();
    await system.stop();
  }, 120_000);

  const list = async <T>(path: string): Promise<T[]> => {
    const client = await system.as('alice');
    const { body } = await client.get<{ items: T[] }>(path);
    return body.items;
  };

  it('starts one workflow for each trade of both CDM kinds', async () => {
    const files = [...cdmFiles('fx'), ...cdmFiles('execution-advice')];
    for (const { text } of files) plain.publish('trades.executed', text);
    await plain.flush();
    const expected = new Set(files.map(({ text }) => firstIdentifier(JSON.parse(text))));
    const workflows = await eventually(async () => {
      const found = await list<Workflow>('/workflows?template=trade_approval&limit=200');
      return found.length >= expected.size && found;
    });
    expect(new Set(workflows.map(({ businessKey }) => businessKey))).toEqual(expected);
    expect(await list<Incident>('/incidents')).toEqual([]);
    // Amendments and corrections repeat an identifier whose approval is running.
    const ignored = await eventually(async () => {
      const events = await list<{ type: string }>('/events?category=triggerfiring&limit=200');
      return events.length >= files.length - expected.size && events;
    });
    expect(ignored).toHaveLength(files.length - expected.size);
  });

  it('puts aside what it cannot use, one incident each, and goes on', async () => {
    const unusable: [string, string | Uint8Array][] = [
      ['message.malformed-json', '{"trade": '],
      ['message.not-an-object', '[{"trade": {}}]'],
      ['message.too-large', JSON.stringify({ pad: 'x'.repeat(2 * 1024 * 1024) })],
      ['message.unstorable-text', '{"tradeId": "T\\u0000", "notional": 1}'],
      ['message.unstorable-text', '{"tradeId": "T", "deep": [{"er": "\\ud800"}]}'],
      ['message.not-utf8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])],
      ['trigger.mapping-failed', '{"hello": "world"}'],
      ['message.malformed-json', ''],
    ];
    for (const [, payload] of unusable) plain.publish('trades.executed', payload);
    plain.publish('trades.executed', JSON.stringify({ tradeId: 'BEHIND', notional: 5 }));
    await plain.flush();
    await eventually(async () => {
      const found = await list<Workflow>('/workflows?businessKey=BEHIND');
      return found.length === 1;
    });
    const incidents = await eventually(async () => {
      const found = await list<Incident>('/incidents?kind=dead-letter');
      return found.length >= unusable.length && found;
    });
    const codes = (of: readonly string[]) => [...of].sort();
    expect(codes(incidents.map(({ code }) => code))).toEqual(codes(unusable.map(([code]) => code)));
  });

  it('survives hostile nesting', async () => {
    const depth = 100_000;
    plain.publish('trades.executed', `{"tradeId":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    plain.publish('trades.executed', JSON.stringify({ tradeId: 'STILL-HERE', notional: '7.5' }));
    await plain.flush();
    await eventually(async () => {
      const found = await list<Workflow>('/workflows?businessKey=STILL-HERE');
      return found.length === 1;
    });
  });
});

/** What the seeded trigger takes as business key, found without its expression. */
function firstIdentifier(message: unknown): string {
  const { trade, proposedEvent, eventIdentifier } = message as Record<string, unknown>;
  const step = proposedEvent as { instruction?: { before?: { trade?: object } }[] } | undefined;
  const about = (trade ?? step?.instruction?.[0]?.before?.trade) as
    { tradeIdentifier?: Identified[] } | undefined;
  const [first] = about?.tradeIdentifier ?? (eventIdentifier as Identified[]);
  return first?.assignedIdentifier[0]?.identifier['@data'] ?? '';
}

interface Identified {
  readonly assignedIdentifier: { readonly identifier: { readonly '@data': string } }[];
}
