import type { EventTrigger } from '@countersign/contracts';

/** The trade in a CDM TradeState, or the one that a CDM WorkflowStep is about. */
const trade = 'message.?trade.or(message.?proposedEvent.?instruction[?0].?before.?trade)';

/** The first quantity of the trade, or the one that it is changed to. */
const quantity = `${trade}.?tradeLot[?0].?priceQuantity.orValue([]).filter(p, has(p.quantity))[?0].?quantity
  .or(message.?proposedEvent.?instruction[?0].?primitiveInstruction.?quantityChange.?change[?0].?quantity)`;

/** The trade's first identifier; of an event that names no trade, the event's own. */
const identifier = `${trade}.?tradeIdentifier[?0].?assignedIdentifier[?0].?identifier[?"@data"]
  .or(message.?eventIdentifier[?0].?assignedIdentifier[?0].?identifier[?"@data"])
  .or(message.?tradeId).value()`;

/**
 * Starts a trade approval for every executed trade: a CDM TradeState, a CDM WorkflowStep, or a plain
 * object with the members of the template's context. Amendments and corrections repeat a trade's
 * identifier; while its approval runs they are passed over, which is recorded.
 */
const tradeExecuted: EventTrigger = {
  name: 'trade_executed',
  type: 'EVENT',
  subject: 'trades.executed',
  businessKey: identifier,
  mapping: {
    tradeId: identifier,
    notional: `${quantity}.?value.or(message.?notional).orValue(0)`,
    currency: `${quantity}.?unit.?currency[?"@data"].or(${quantity}.?unit.?capacityUnit)
      .or(message.?currency).orValue("XXX")`,
    desk: `${trade}.?product.?taxonomy.orValue([]).filter(t, t.?source.orValue("") == "ISDA")[?0].?value.?name[?"@data"]
      .or(message.?desk).orValue("unassigned")`,
    counterparty: `${trade}.?party[?1].?name[?"@data"].or(${trade}.?party[?1].?partyId[?0].?identifier[?"@data"])
      .or(message.?counterparty).orValue("unknown")`,
  },
  template: 'trade_approval',
  whenRunning: 'ignore',
};

/** The triggers that come with the product. */
export const builtInTriggers: readonly EventTrigger[] = [tradeExecuted];
