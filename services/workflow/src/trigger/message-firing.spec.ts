import type { Trigger } from '@countersign/contracts';
import { InMemoryEventStore } from '@countersign/event-store';
import { type AppError, rule } from '@countersign/kernel';
import type { Log } from '@countersign/service-kit';
import { FakeClock } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import type { SignalsHandler } from '../workflow/signals.handler.js';
import type { WorkflowHandler } from '../workflow/workflow.handler.js';
import { type CompiledThreshold, compileTrigger } from './domain/compiled-trigger.js';
import { explainMessage } from './domain/explanation.js';
import { Firings } from './firings.js';
import { MessageFiring, type MessageOutcome } from './message-firing.js';
import { streamMessage } from './stream-message.js';
import { ThresholdWindows } from './threshold-windows.js';
import type { Registered } from './triggers.js';

const trigger: Trigger = {
  name: 'exposure',
  type: 'THRESHOLD',
  template: 'review',
  subject: 'trades.executed',
  condition: 'message.amount != 0',
  group: 'message.desk',
  value: 'message.amount',
  aggregate: 'sum',
  window: 'PT1H',
  above: 10,
  rearmBelow: 5,
  mapping: { trader: 'message.trader' },
};
const compiled = compileTrigger(
  'f3b1c5ce-6f3c-5d2a-9a50-0c2c7a1f0b11',
  trigger,
) as CompiledThreshold;
const registered = { compiled, generation: 1 } as Registered<CompiledThreshold>;
const START = 1_764_000_000;

/** Messages of one desk, a second after each other, and what came of each. */
class Desk {
  readonly started: unknown[] = [];
  readonly #windows: ThresholdWindows;
  readonly #firing: MessageFiring;
  #sequence = 0;

  /** @param refusal of a start */
  constructor(refusal: () => AppError | undefined = () => undefined) {
    const store = new InMemoryEventStore();
    const clock = new FakeClock();
    const handler = {
      start: ({ context }) => {
        const error = refusal();
        if (error) return Promise.reject(error);
        this.started.push(context);
        return Promise.resolve({ workflowId: 'w', status: 'ACTIVE', state: 'open', position: '1' });
      },
    } as Pick<WorkflowHandler, 'start'>;
    const firings = new Firings(store, clock, handler as WorkflowHandler, {} as SignalsHandler);
    this.#windows = new ThresholdWindows(store, clock);
    this.#firing = new MessageFiring({} as Log, firings, this.#windows);
  }

  /** @param sequence of a message that came before; by default it is the next one */
  async send(content: object, sequence = ++this.#sequence): Promise<string> {
    const again = sequence !== this.#sequence;
    const nanoseconds = (START + sequence) * 1e9;
    const message = streamMessage('trades.executed', sequence, nanoseconds, new Uint8Array());
    return shown(
      await this.#firing.fire(registered, { desk: 'rates', ...content }, { ...message, again }),
    );
  }

  /** What a dry run says of the next message. */
  async explain(content: object) {
    const window = await this.#windows.load(registered, 'rates');
    const windows = new Map([['rates', window]]);
    const next = { sequence: this.#sequence + 1, ms: (START + this.#sequence + 1) * 1_000 };
    const { fires, reason } = explainMessage(
      compiled,
      { desk: 'rates', ...content },
      next,
      windows,
    );
    return reason ?? fires;
  }
}

const shown = (outcome: MessageOutcome): string =>
  outcome.outcome === 'failed' ? outcome.reason.code : outcome.outcome;

describe('a crossing whose start failed', () => {
  it('leaves it to the next usable message above the level, also when they come at once', async () => {
    const desk = new Desk();
    const sent = [{ amount: 11 }, { amount: 1, trader: 'tom' }, { amount: 1, trader: 'ann' }];
    expect(await Promise.all(sent.map((content) => desk.send(content)))).toEqual([
      'trigger.mapping-failed',
      'started',
      'counted',
    ]);
    expect(desk.started).toEqual([{ trader: 'tom' }]);
  });

  it('arms nothing again when it comes once more after another has started', async () => {
    const desk = new Desk();
    expect(await desk.send({ amount: 11 })).toBe('trigger.mapping-failed');
    expect(await desk.send({ amount: 1, trader: 'tom' })).toBe('started');
    expect(await desk.send({ amount: 11 }, 1)).toBe('trigger.mapping-failed');
    expect(await desk.send({ amount: 1, trader: 'ann' })).toBe('counted');
  });

  it('stays disarmed while a workflow of the group runs', async () => {
    const desk = new Desk(() => rule('workflow.business-key-taken', 'taken'));
    expect(await desk.send({ amount: 11, trader: 'tom' })).toBe('workflow.business-key-taken');
    expect(await desk.send({ amount: 1, trader: 'tom' })).toBe('counted');
  });
});

describe('a dry run of a threshold', () => {
  it('says why a message does not fire', async () => {
    const desk = new Desk();
    const trader = 'tom';
    expect(await desk.explain({ amount: 0, trader })).toBe('the condition is false');
    expect(await desk.explain({ amount: 10, trader })).toBe('below the limit: 10 is not above 10');
    expect(await desk.explain({ amount: 11, trader })).toBe(true);
    await desk.send({ amount: 11, trader });
    const crossed = new Date((START + 1) * 1_000).toISOString();
    expect(await desk.explain({ amount: 1, trader })).toBe(
      `not re-armed since ${crossed}: it has not been below 5`,
    );
  });

  it('says that the next message fires after a start that failed', async () => {
    const desk = new Desk();
    await desk.send({ amount: 11 });
    expect(await desk.explain({ amount: 1, trader: 'tom' })).toBe(true);
  });
});
