import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { builtInTriggers } from '../built-in-triggers.js';
import { compileTrigger, fireEvent, subjectMatches } from './compiled-trigger.js';

describe('subject matching', () => {
  it.each([
    ['trades.executed', 'trades.executed', true],
    ['trades.executed', 'trades.amended', false],
    ['trades.executed', 'trades.executed.fx', false],
    ['trades.*', 'trades.executed', true],
    ['trades.*', 'trades.executed.fx', false],
    ['trades.*.fx', 'trades.executed.fx', true],
    ['trades.>', 'trades.executed.fx', true],
    ['trades.>', 'trades', false],
  ])('%s against %s is %s', (pattern, subject, matches) => {
    expect(subjectMatches(pattern, subject)).toBe(matches);
  });
});

describe('the built-in trigger', () => {
  const [first] = builtInTriggers;
  if (!first) throw new Error('there is none');
  const trigger = compileTrigger('1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef', first);
  if (trigger.type !== 'EVENT') throw new Error('it is another one');

  it('takes a plain object with the members of the context', () => {
    const plain = {
      tradeId: 'T-1',
      notional: '25000000.00',
      currency: 'USD',
      desk: 'rates',
      counterparty: 'ACME Bank',
    };
    expect(fireEvent(trigger, plain)).toEqual({ businessKey: 'T-1', context: plain });
  });

  it('takes a CDM TradeState', () => {
    const fired = fireEvent(trigger, {
      trade: {
        tradeIdentifier: [{ assignedIdentifier: [{ identifier: { '@data': 'X1' } }] }],
        tradeLot: [
          {
            priceQuantity: [
              { price: [] },
              { quantity: { value: 7, unit: { currency: { '@data': 'JPY' } } } },
            ],
          },
        ],
        product: { taxonomy: [{ source: 'ISDA', value: { name: { '@data': 'Swap' } } }] },
        party: [{ name: { '@data': 'We' } }, { name: { '@data': 'They' } }],
      },
    });
    expect(fired).toEqual({
      businessKey: 'X1',
      context: { tradeId: 'X1', notional: 7, currency: 'JPY', desk: 'Swap', counterparty: 'They' },
    });
  });

  it('refuses what has no identifier', () => {
    expect(codeOf(() => fireEvent(trigger, { trade: { tradeLot: [] } }))).toBe(
      'trigger.mapping-failed',
    );
    expect(codeOf(() => fireEvent(trigger, { tradeId: 7 }))).toBe('trigger.mapping-failed');
  });
});
