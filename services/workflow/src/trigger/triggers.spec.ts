import { type EventStore, InMemoryEventStore } from '@countersign/event-store';
import { newId, SystemClock, systemActor } from '@countersign/kernel';
import type { Log } from '@countersign/service-kit';
import { triggerIdOf } from '@countersign/contracts';
import { describe, expect, it } from '@jest/globals';

import { createTrigger, pauseTrigger } from './domain/decider.js';
import { Triggers } from './triggers.js';

const silent = () => undefined;
const log: Log = { error: silent, warn: silent, info: silent, debug: silent };
const context = () => {
  const id = newId();
  const ids = { commandId: id, correlationId: id, causationId: id, commandHash: 'a'.repeat(64) };
  return { ...ids, actor: systemActor('trigger') };
};
const triggerId = triggerIdOf('each');
const trigger = {
  name: 'each',
  type: 'EVENT' as const,
  template: 'review',
  subject: 'trades.each',
  businessKey: 'message.id',
  mapping: 'message',
};

/** The same store, whose feed brings nothing. */
function withoutFeed(store: EventStore): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'subscribeAll') return async function* () {};
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('the triggers that a process knows', () => {
  it('are all that were decided elsewhere before it looks, though the feed has not brought them', async () => {
    const store = new InMemoryEventStore();
    const elsewhere = new Triggers(store, new SystemClock(), log);
    const here = new Triggers(withoutFeed(store), new SystemClock(), log);
    await here.catchUp();
    await elsewhere.execute(triggerId, context(), (state) =>
      createTrigger(state, { triggerId, trigger, nextDue: undefined }),
    );
    expect(here.listeningTo('trades.each')).toEqual([]);
    await here.catchUp();
    expect(here.listeningTo('trades.each')).toMatchObject([{ status: 'ACTIVE' }]);
    await elsewhere.execute(triggerId, context(), (state) => pauseTrigger(state, triggerId, 'no'));
    await here.catchUp();
    expect(here.listeningTo('trades.each')).toMatchObject([{ status: 'PAUSED' }]);
  });
});
