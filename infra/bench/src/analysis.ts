import { parseDefinition, type WorkflowDefinition } from '@countersign/state-machine';
import { AnalysisWorker } from '@countersign/template/analysis';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { median, options, print } from './closed-loop.js';

const STATES = 1_000;
const name = (state: number): string => `s${Math.min(state, STATES - 1)}`;

/** Five transitions a state, most with conditions, a fifth with approvals, and three protected states. */
function definition(
  title: string,
  condition: (i: number) => string | undefined,
  approvals: boolean,
): WorkflowDefinition {
  return parseDefinition({
    name: 'bench_analysis',
    title,
    initial: name(0),
    states: Array.from({ length: STATES }, (_, i) =>
      i === STATES - 1 ? { name: name(i), final: 'completed' } : { name: name(i) },
    ),
    transitions: Array.from({ length: (STATES - 1) * 5 }, (_, i) => {
      const from = Math.floor(i / 5);
      const asks = approvals && i % 5 === 4;
      return {
        event: `e${i % 5}`,
        from: name(from),
        to: name(from + 1 + (i % 5) * 3),
        condition: condition(i),
        ...(asks ? { requiresApproval: { level: 'DUAL', approvers: ['group:desk'] } } : {}),
      };
    }),
    protected: [
      { state: name(STATES - 1), level: 'DUAL' },
      { state: name(500), level: 'SINGLE' },
      { state: name(700), level: 'COMMITTEE' },
    ],
  });
}

const DEFINITIONS = {
  plain: definition('plain', () => undefined, true),
  conditions: definition(
    'conditions',
    (i) => `context.f${i % 60} < ${i % 13} || context.g${i % 31} == "a${i % 5}"`,
    true,
  ),
  // No way through exists, which takes the whole bound to find out or not.
  hostile: definition(
    'hostile',
    (i) =>
      i < 5
        ? 'context.a == 1'
        : i >= (STATES - 20) * 5
          ? 'context.a == 2'
          : `${i % 2 === 0 ? '' : '!'}context.f${Math.floor(i / 10) % 60}`,
    false,
  ),
};

/** The longest delay of a loop with nothing to do: what the machine causes by itself. */
async function idleDelay(): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(1_000);
  delay.disable();
  return Math.round(delay.max / 1e5) / 10;
}

/**
 * How long the analysis of large definitions takes, and how long it holds up the event loop that asks for it: the longest
 * delay, beside that of an idle loop, and the processor time of the calling thread, with that of the monitor.
 */
export async function analysis(): Promise<void> {
  const worker = new AnalysisWorker({ deadlineMs: 120_000 });
  for (const [shape, large] of Object.entries(DEFINITIONS)) {
    const idle = await idleDelay();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const times: number[] = [];
    const busy: number[] = [];
    let findings = 0;
    // The first question starts the thread: it is measured as well.
    delay.enable();
    await sleep(20);
    for (let run = 0; run < options.runs; run++) {
      const start = performance.now();
      const cpu = process.threadCpuUsage();
      findings = (await worker.findings('bench', large)).length;
      times.push(performance.now() - start);
      const { user, system } = process.threadCpuUsage(cpu);
      busy.push((user + system) / 1_000);
      await sleep(20);
    }
    delay.disable();
    print('analysis', 1, {
      shape,
      states: large.states.length,
      transitions: large.transitions.length,
      findings,
      median_ms: Math.round(median(times)),
      max_ms: Math.round(Math.max(...times)),
      longest_delay_ms: Math.round(delay.max / 1e5) / 10,
      idle_delay_ms: idle,
      caller_cpu_ms: Math.round(Math.max(...busy) * 10) / 10,
      runs: times.length,
    });
  }
  await worker.stop();
}
