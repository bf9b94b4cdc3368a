import { setTimeout as sleep } from 'node:timers/promises';

import { derivedId, newId } from '@countersign/kernel';

import type { ApiClient, ApiReply } from './api-client.js';
import type { TestSystem } from './system.js';
import { tradeContext } from './trades.js';

/** A command that the product has confirmed. */
export interface Acknowledged {
  /** The id under which its events must be in the store. */
  readonly commandId: string;
  /** The event that it decided, in a stream of its own choice. */
  readonly type: 'workflow.started' | 'approval.decision-recorded';
}

/** A trade approval from its start to its outcome. */
export interface Deal {
  readonly workflowId: string;
  readonly approvalId: string;
}

interface Started extends Deal {
  readonly position: string;
}

/**
 * People who start trade approvals and decide them, as careful clients: a command that is not
 * answered, or with 503, is sent again under the same `Idempotency-Key` until it is.
 */
export class Desk {
  readonly acknowledged: Acknowledged[] = [];
  readonly deals: Deal[] = [];
  /** Statuses of refusals that were tried again; 0 for a connection that broke. */
  readonly refusals: number[] = [];

  private constructor(
    private readonly trader: ApiClient,
    private readonly approvers: readonly ApiClient[],
    /** Fires when there is nobody any more who could answer. */
    private readonly ended: AbortSignal,
  ) {}

  /** Signs everybody in, so that the system need not be up for that later. */
  static async open(system: TestSystem): Promise<Desk> {
    const [trader, ...approvers] = await Promise.all(
      ['alice', 'erin', 'frank'].map((user) => system.as(user)),
    );
    if (!trader) throw new Error('nobody is there');
    return new Desk(trader, approvers, system.ended);
  }

  /** Works with so many at a time until the signal fires; what was begun is brought to its end. */
  work(concurrency: number, signal: AbortSignal): Promise<unknown> {
    const one = async () => {
      while (!signal.aborted) await this.deal();
    };
    const all = Promise.all(Array.from({ length: concurrency }, one));
    // A test that fails before it waits for the work says why by itself.
    all.catch(() => undefined);
    return all;
  }

  /** One trade approval, approved by both. */
  async deal(): Promise<Deal> {
    const started = await this.start();
    for (const approver of this.approvers) await this.approve(approver, started);
    return started;
  }

  /** Starts one and leaves it waiting for its approval. */
  async start(): Promise<Started> {
    const tradeId = newId();
    const { body } = await this.#send<Started>(
      this.trader,
      '/workflows',
      { template: 'trade_approval', businessKey: tradeId, context: tradeContext(tradeId) },
      'workflow.started',
    );
    this.deals.push({ workflowId: body.workflowId, approvalId: body.approvalId });
    return body;
  }

  async approve(approver: ApiClient, { approvalId, position }: Started): Promise<void> {
    const subjectHash = await this.#subjectHash(approver, approvalId, position);
    await this.#send(
      approver,
      `/approvals/${approvalId}/decisions`,
      { action: 'approve', reason: 'terms agree', subjectHash },
      'approval.decision-recorded',
    );
  }

  /** What is to be approved. The approval may be opened a moment after its workflow's start was confirmed. */
  async #subjectHash(reader: ApiClient, approvalId: string, position: string): Promise<string> {
    for (;;) {
      this.ended.throwIfAborted();
      const reply = await reader
        .get<{ subjectHash: string }>(`/approvals/${approvalId}`, position)
        .catch(() => undefined);
      if (reply?.status === 200) return reply.body.subjectHash;
      if (reply && ![404, 503].includes(reply.status)) {
        throw new Error(`${approvalId}: ${reply.status} ${JSON.stringify(reply.body)}`);
      }
      await sleep(50);
    }
  }

  async #send<Body>(
    client: ApiClient,
    path: string,
    body: unknown,
    type: Acknowledged['type'],
  ): Promise<ApiReply<Body>> {
    const key = newId();
    for (;;) {
      this.ended.throwIfAborted();
      const reply = await client.post<Body>(path, body, { key }).catch(() => undefined);
      if (reply && reply.status < 300) {
        const commandId = derivedId(client.user, `POST /api/v1${path}`, key);
        this.acknowledged.push({ commandId, type });
        return reply;
      }
      if (reply && reply.status !== 503) {
        throw new Error(`${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
      }
      this.refusals.push(reply?.status ?? 0);
      await sleep(50);
    }
  }
}
