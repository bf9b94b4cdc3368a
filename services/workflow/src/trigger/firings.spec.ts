import { InMemoryEventStore } from '@countersign/event-store';
import { type AppError, rule } from '@countersign/kernel';
import { FakeClock } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import type { SignalsHandler } from '../workflow/signals.handler.js';
import type { WorkflowHandler } from '../workflow/workflow.handler.js';
import { builtInTriggers } from './built-in-triggers.js';
import { compileTrigger } from './domain/compiled-trigger.js';
import { Firings } from './firings.js';

const [trigger] = builtInTriggers;
if (!trigger) throw new Error('there is no trigger to fire');
const compiled = compileTrigger('f3b1c5ce-6f3c-5d2a-9a50-0c2c7a1f0b11', trigger);
const WORKFLOW = '0b8d4a35-7d0c-5a55-8f47-3a1c0c6c2a01';
const firing = { businessKey: 'T-1', context: {} };
const cause = (sequence: number) => ({ messageId: `TRADES:${sequence}:1` });

/** Firings of workflows whose start is as given. */
const firings = (handler: Pick<WorkflowHandler, 'fits' | 'start'>) =>
  new Firings(
    new InMemoryEventStore(),
    new FakeClock(),
    handler as WorkflowHandler,
    {} as SignalsHandler,
  );

describe('firings with one business key', () => {
  it('start one after the other, in the order in which they came', async () => {
    const log: string[] = [];
    const each = firings({
      fits: () => Promise.resolve(true),
      async start(_, __, { trigger: by } = {}) {
        log.push(`begin ${by?.messageId ?? ''}`);
        await new Promise(setImmediate);
        log.push('end');
        throw rule('workflow.business-key-taken', 'taken', { details: { workflowId: WORKFLOW } });
      },
    });
    const outcomes = await Promise.all([1, 2].map((n) => each.start(compiled, firing, cause(n))));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['ignored', 'ignored']);
    expect(log).toEqual(['begin TRADES:1:1', 'end', 'begin TRADES:2:1', 'end']);
  });

  it('do not wait for those that the template does not take', async () => {
    let underWay = 0;
    const all = Promise.withResolvers<undefined>();
    const each = firings({
      fits: () => Promise.resolve(false),
      async start() {
        underWay += 1;
        if (underWay === 3) all.resolve(undefined);
        await all.promise;
        throw rule('workflow.context-invalid', 'does not fit');
      },
    });
    const failed = await Promise.all(
      [1, 2, 3].map((n) =>
        each.start(compiled, firing, cause(n)).catch((error: unknown) => (error as AppError).code),
      ),
    );
    expect(failed).toEqual(Array.from({ length: 3 }, () => 'workflow.context-invalid'));
  });
});
