import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@countersign/kernel';

import { compileCondition, compileExpression } from './index.js';

/** Trade events of the FINOS Common Domain Model; they live beside the repository, not in it. */
const DATA = join(import.meta.dirname, '../../../../shared/data/cdm');

/** @throws Error when the folder is not there: a run without it has tested nothing. */
function messages(kind: string): [string, JsonObject][] {
  if (!existsSync(DATA))
    throw new Error(`NOT TESTED on real trade events: there is no folder ${DATA}`);
  return readdirSync(join(DATA, kind))
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, JSON.parse(readFileSync(join(DATA, kind, name), 'utf8')) as JsonObject]);
}

const TRADE_ID = "message.trade.tradeIdentifier[0].assignedIdentifier[0].identifier['@data']";

/** One mapping for both kinds: a TradeState carries its trade at the top, a WorkflowStep in its instruction. */
const MAPPING = `
  cel.bind(trade,
    has(message.trade)
      ? message.trade
      : message.proposedEvent.instruction[0].before.trade,
    cel.bind(quantity,
      trade.?tradeLot[?0].?priceQuantity.orValue([])
        .filter(pq, has(pq.quantity) && has(pq.quantity.value))
        .map(pq, pq.quantity),
      {
        "tradeId": trade.tradeIdentifier[0].assignedIdentifier[0].identifier["@data"],
        "tradeDate": trade.?tradeDate[?"@data"].orValue(null),
        "notional": size(quantity) > 0 ? quantity[0].value : 0,
        "currency": size(quantity) > 0
          ? quantity[0].?unit.?currency[?"@data"].orValue("XXX")
          : "XXX",
        "parties": trade.party.map(p, has(p.name), p.name["@data"])
      }))`;

describe('CDM trade events', () => {
  it('are there to be tested with', () => {
    expect(messages('fx').length).toBeGreaterThan(10);
    expect(messages('execution-advice').length).toBeGreaterThan(10);
  });

  it('give the first identifier of every FX trade', () => {
    const identifier = compileExpression(TRADE_ID, ['message']);
    for (const [name, message] of messages('fx')) {
      expect([name, identifier.evaluate({ message })]).toEqual([name, expect.any(String)]);
    }
    const forward = messages('fx').find(([name]) => name.startsWith('fx-ex03'))?.[1] ?? {};
    expect(identifier.evaluate({ message: forward })).toBe('ABN1234');
  });

  it('are mapped by one expression, both kinds of them', () => {
    const mapping = compileExpression(MAPPING, ['message']);
    const mapped = [...messages('fx'), ...messages('execution-advice')].flatMap(
      ([name, message]) => {
        try {
          return [[name, mapping.evaluate({ message })]];
        } catch {
          return [];
        }
      },
    );
    expect(mapped.length).toBeGreaterThan(30);
    const byName = Object.fromEntries(mapped) as Record<string, JsonObject>;
    expect(byName['fx-ex03-fx-fwd.json']).toMatchObject({
      tradeId: 'ABN1234',
      notional: 10_000_000,
    });
    expect(byName['msg-ex51-execution-advice-trade-initiation-C01-00.json']).toEqual({
      tradeId: 'CONTR2345',
      tradeDate: '2009-06-08',
      notional: 70_000_000,
      currency: 'USD',
      parties: ['INVEST MGR', 'BROKER 33', 'Custodian'],
    });
  });

  it('can be told apart by their type', () => {
    const isTradeState = compileCondition('message[?"@type"].orValue("").endsWith(".TradeState")', [
      'message',
    ]);
    for (const [, message] of messages('fx')) expect(isTradeState.evaluate({ message })).toBe(true);
    for (const [, message] of messages('execution-advice')) {
      expect(isTradeState.evaluate({ message })).toBe(false);
    }
  });
});
