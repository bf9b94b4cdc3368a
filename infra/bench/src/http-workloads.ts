import { approvalDecisions } from './approval-decisions.js';
import { Caller } from './caller.js';
import { closedLoop, levels, print } from './closed-loop.js';

/** What goes over HTTP: whole workflows, approval round trips, single transitions, and decisions of committees. */
export async function httpWorkloads(base: string, wanted: (name: string) => boolean) {
  const starter = await Caller.signIn(base, 'alice');
  const approver = await Caller.signIn(base, 'erin');

  const start = (template: string) =>
    starter.call('POST', '/workflows', 201, { body: { template, context: {} } });

  const workloads: Record<string, () => Promise<void>> = {
    // Start to complete, without an approval, seen by the caller.
    'workflow-start-to-complete': async () => {
      const { workflowId, position } = await start('bench_straight_through');
      const seen = await starter.call('GET', `/workflows/${workflowId}`, 200, { after: position });
      if (seen.status !== 'COMPLETED') throw new Error(`not completed: ${seen.status}`);
    },
    // Start, the approval opens, one decision, completed, seen by the caller.
    'approval-round-trip': async () => {
      const { workflowId, approvalId, position } = await start('bench_one_approval');
      const { subjectHash } = await approver.call('GET', `/approvals/${approvalId}`, 200, {
        after: position,
      });
      const decided = await approver.call('POST', `/approvals/${approvalId}/decisions`, 202, {
        body: { action: 'approve', reason: 'bench', subjectHash },
      });
      const seen = await starter.call('GET', `/workflows/${workflowId}`, 200, {
        after: decided.position,
      });
      if (seen.status !== 'COMPLETED') throw new Error(`not completed: ${seen.status}`);
    },
  };

  for (const [name, call] of Object.entries(workloads)) {
    if (!wanted(name)) continue;
    for (const concurrency of levels) print(name, concurrency, await closedLoop(concurrency, call));
  }

  if (wanted('transition')) {
    for (const concurrency of levels) {
      const running = await Promise.all(
        Array.from({ length: concurrency }, () => start('bench_ping_pong')),
      );
      const figures = await closedLoop(concurrency, async (caller) => {
        const path = `/workflows/${running[caller]?.workflowId ?? ''}/transitions`;
        await starter.call('POST', path, 202, { body: { event: 'go' } });
      });
      print('transition', concurrency, figures);
    }
  }

  if (wanted('approval-decisions')) {
    for (const concurrency of levels) {
      print('approval-decisions', concurrency, await approvalDecisions(base, starter, concurrency));
    }
  }
}
