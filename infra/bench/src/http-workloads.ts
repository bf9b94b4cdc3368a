import { Agent, request } from 'undici';

import { closedLoop, levels, print } from './closed-loop.js';

interface Reply {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly position: string;
  readonly status: string;
  readonly subjectHash: string;
}

const keepAlive = new Agent({ connections: 64, pipelining: 1 });

/** Calls the gateway the way a client program would. @throws Error on any status but the one expected. */
class Caller {
  constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  static async signIn(base: string, user: string): Promise<Caller> {
    const response = await request(`${base}/api/v1/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    const { token } = (await response.body.json()) as { token: string };
    return new Caller(base, token);
  }

  async call(method: 'GET' | 'POST', path: string, expected: number, options: object = {}) {
    const { body, after } = options as { body?: object; after?: string };
    const response = await request(`${this.base}/api/v1${path}`, {
      dispatcher: keepAlive,
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(after === undefined ? {} : { 'countersign-after': after }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const reply = await response.body.json();
    if (response.statusCode !== expected) {
      throw new Error(`${method} ${path}: ${response.statusCode} ${JSON.stringify(reply)}`);
    }
    return reply as Reply;
  }
}

/** What goes over HTTP: whole workflows, approval round trips, and single transitions. */
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
}
