import {
  parseDefinition,
  validateDefinition,
  type WorkflowDefinition,
} from '@countersign/state-machine';
import { afterEach, describe, expect, it } from '@jest/globals';

import { AnalysisWorker, type AnalysisWorkerOptions } from './analysis-worker.js';

// Runs the compiled thread: needs a build.
const definition = parseDefinition({
  name: 'review',
  initial: 'new',
  states: [{ name: 'new' }, { name: 'lost' }, { name: 'done', final: 'completed' }],
  transitions: [
    {
      event: 'finish',
      from: 'new',
      to: 'done',
      requiresApproval: { level: 'DUAL', approvers: ['group:desk'] },
    },
  ],
});

const person = (id: string) => ({ id, name: id, roles: [], groups: ['desk'], active: true });
const directory = { people: [person('ann')] };

/** So large that its analysis takes longer than a millisecond. */
const large = parseDefinition({
  name: 'large',
  initial: 's0',
  states: Array.from({ length: 1_000 }, (_, i) => ({ name: `s${i}` })),
  transitions: Array.from({ length: 5_000 }, (_, i) => ({
    event: `e${i}`,
    from: `s${i % 1_000}`,
    to: `s${(i * 7) % 1_000}`,
    condition: `context.x > ${i} && context.y != "${i}"`,
  })),
});

describe('the analysis thread', () => {
  let worker: AnalysisWorker | undefined;
  // As long as it takes, on whatever machine, unless a test is about that.
  const start = (options?: AnalysisWorkerOptions): AnalysisWorker =>
    (worker = new AnalysisWorker({ deadlineMs: 60_000, maxWaitMs: 60_000, ...options }));
  afterEach(async () => {
    await worker?.stop();
  });

  it('answers as the analysis does, in the order of the questions', async () => {
    const analysis = start();
    const answers = await Promise.all([
      analysis.findings('ann', definition),
      analysis.findings('ann', definition, { directory }),
      analysis.findings('ann', definition, { directory }),
      analysis.findings('ann', definition),
    ]);
    const [without, withOne] = [
      validateDefinition(definition),
      validateDefinition(definition, { directory }),
    ];
    expect(without).not.toEqual(withOne);
    expect(answers).toEqual([without, withOne, withOne, without]);
  });

  it('knows the templates that are invoked', async () => {
    const [first, ...others] = definition.states;
    const invoke = { template: 'gone', context: {} };
    const invoking = { ...definition, states: [{ name: 'new', ...first, invoke }, ...others] };
    const templates = { gone: { unavailable: 'unknown' as const, required: [], invokes: [] } };
    const codes = (await start().findings('ann', invoking, { templates })).map(({ code }) => code);
    expect(codes).toContain('invoke.template-unavailable');
  });

  it('gives up at the deadline, and goes on with the next question', async () => {
    const analysis = start({ deadlineMs: 1 });
    const timedOut = { code: 'analysis.timed-out', severity: 'error', path: '' };
    const answers = [analysis.findings('ann', large), analysis.findings('ann', large)];
    expect(await Promise.all(answers)).toEqual([
      [expect.objectContaining(timedOut)],
      [expect.objectContaining(timedOut)],
    ]);
  });

  it('starts again after a crash', async () => {
    const analysis = start({ memoryMb: 16 });
    // Far more than sixteen megabytes of people.
    const people = Array.from({ length: 50_000 }, (_, i) => ({
      ...person(`person-${i}`),
      groups: Array.from({ length: 20 }, (_, k) => `group ${i} ${k}`),
    }));
    const crash = analysis.findings('ann', definition, { directory: { people } });
    await expect(crash).rejects.toMatchObject({ kind: 'unavailable', code: 'analysis.failed' });
    expect(await analysis.findings('ann', definition)).toEqual(validateDefinition(definition));
  });

  it('lets those who ask take turns, and refuses what is beyond a share', async () => {
    const analysis = start({ maxPerActor: 3 });
    const order: string[] = [];
    const ask = (actor: string, what: WorkflowDefinition): Promise<string> =>
      analysis.findings(actor, what).then(
        () => {
          order.push(actor);
          return 'answered';
        },
        (error: unknown) => (error as { code: string }).code,
      );
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => ask('mallory', large)),
      ask('ann', definition),
      ask('ben', definition),
    ]);
    const answered = ['answered', 'answered', 'answered'];
    expect(answers).toEqual([...answered, 'analysis.too-many', 'answered', 'answered']);
    expect(order).toEqual(['mallory', 'ann', 'ben', 'mallory', 'mallory']);
    // What has been answered is no longer part of the share.
    expect(await ask('mallory', definition)).toBe('answered');
  });

  it('refuses whoever had to wait too long, and goes on', async () => {
    const analysis = start({ maxWaitMs: 10 });
    const slow = analysis.findings('mallory', large);
    await expect(analysis.findings('ann', definition)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'analysis.busy',
    });
    await slow;
    expect(await analysis.findings('ann', definition)).toEqual(validateDefinition(definition));
  });

  it('refuses more than may wait, and everything once it is stopped', async () => {
    const analysis = start({ maxWaiting: 1 });
    const codes = [1, 2, 3].map(() =>
      analysis.findings('ann', definition).then(
        () => 'answered',
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    expect(await codes[2]).toBe('analysis.busy');
    await analysis.stop();
    expect(await Promise.all(codes)).toEqual([
      'analysis.stopped',
      'analysis.stopped',
      'analysis.busy',
    ]);
    await expect(analysis.findings('ann', definition)).rejects.toMatchObject({
      code: 'analysis.stopped',
    });
  });

  it('refuses what cannot be copied to it', async () => {
    const analysis = start();
    const odd = { ...definition, title: (() => 1) as unknown as string };
    await expect(analysis.findings('ann', odd)).rejects.toMatchObject({ code: 'analysis.failed' });
    expect(await analysis.findings('ann', definition)).toEqual(validateDefinition(definition));
  });
});
