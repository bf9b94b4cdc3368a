import { unavailable } from '@countersign/kernel';
import type { Log, Platform } from '@countersign/service-kit';
import { FakeClock } from '@countersign/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { DueTimers } from './due-timers.js';
import { TimerHints } from './timer-hints.js';

interface Row {
  readonly workflow_id: string;
  readonly revision: number;
}

describe('timers that are due', () => {
  let clock: FakeClock;
  /** What the read tables show as due, earliest first. */
  let table: Row[];
  let fails: (workflowId: string) => Error | undefined;
  let fired: string[];
  let incidents: string[];
  let due: DueTimers;

  beforeEach(() => {
    clock = new FakeClock();
    table = [{ workflow_id: 'sick', revision: 3 }];
    fails = (workflowId) => (workflowId === 'sick' ? new Error('no such definition') : undefined);
    fired = [];
    incidents = [];
    // As the statement has it: those that are left alone are not asked for.
    const query = ({ values }: { values: [string[]] }) =>
      Promise.resolve({
        rows: table
          .filter(({ workflow_id, revision }) => !values[0].includes(`${workflow_id}@${revision}`))
          .slice(0, 100)
          .map((row) => ({ ...row, now: clock.now() })),
      });
    const pool = { query } as unknown as Platform['pool'];
    const quiet = () => undefined;
    const log = { warn: quiet, error: quiet } as unknown as Log;
    due = new DueTimers({ pool }, clock, log, {
      fireTimers(workflowId) {
        fired.push(workflowId);
        const error = fails(workflowId);
        return error ? Promise.reject(error) : (Promise.resolve() as never);
      },
      timersFailed(workflowId, _, why) {
        incidents.push(`${workflowId}: ${why}`);
        // As the read tables have it then: its timers stand still.
        table = table.filter((row) => row.workflow_id !== workflowId);
        return Promise.resolve();
      },
    });
  });

  const minutes = async (count: number) => {
    for (let second = 0; second < count * 60; second++) {
      await due.look();
      clock.advance(1_000);
    }
  };

  it('are tried a few times, with pauses, when they cannot be fired, and then are an incident', async () => {
    await minutes(10);
    expect(fired).toHaveLength(5);
    expect(incidents).toEqual(['sick: its timers could not be fired, 5 times: no such definition']);
  });

  it('are tried for as long as it takes when something does not answer for a while', async () => {
    fails = () => unavailable('event-store.unavailable', 'down');
    await minutes(1);
    expect(fired.length).toBeGreaterThan(30);
    expect(incidents).toEqual([]);
  });

  it('are fired however many others fail before them', async () => {
    table = Array.from({ length: 250 }, (_, at) => ({ workflow_id: `sick ${at}`, revision: 1 }));
    table.push({ workflow_id: 'well', revision: 1 });
    fails = (workflowId) => (workflowId === 'well' ? undefined : new Error('broken'));
    for (let more = true; more;) ({ more } = await due.look());
    expect(fired).toContain('well');
    expect(fired).toHaveLength(251);
  });

  it('are fired once while the read tables have not caught up', async () => {
    table = [{ workflow_id: 'well', revision: 1 }];
    await due.look();
    await due.look();
    expect(fired).toEqual(['well']);
  });
});

describe('hints of timers', () => {
  const set = (...dues: string[]) => [
    { type: 'workflow.timers-set', data: { timers: dues.map((dueAt) => ({ dueAt })) } },
  ];

  it('wake for what is due sooner than the next look, until the read tables must have it', () => {
    const clock = new FakeClock('2026-01-02T03:04:05.000Z');
    const hints = new TimerHints(clock);
    let woken = 0;
    hints.onSooner(() => woken++);
    expect(hints.wait()).toBeUndefined();
    hints.note(set('2026-01-02T04:00:00.000Z', '2026-01-02T03:04:05.300Z'));
    expect([woken, hints.wait()]).toEqual([1, 300]);
    hints.note([...set('2026-01-02T03:04:05.900Z'), { type: 'workflow.paused', data: {} }]);
    expect([woken, hints.wait()]).toEqual([1, 300]);
    clock.advance(400);
    expect(hints.wait()).toBe(25);
    clock.advance(1_000);
    expect(hints.wait()).toBeUndefined();
  });
});
