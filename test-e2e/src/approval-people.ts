import { CloudEvent } from '@countersign/contracts';
import { DocumentedReplies, eventually } from '@countersign/testing';
import type { NatsConnection } from '@nats-io/transport-node';

import type { ApiReply } from './api-client.js';
import { connectAnonymously } from './bus.js';
import type { TestSystem } from './system.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the API says of an approval, or of a refusal. */
export interface Approval extends Fields {
  readonly approvalId: string;
  readonly status: string;
  readonly subjectHash: string;
  readonly position: string;
  readonly code: string;
  readonly quorum: { readonly required: number; readonly given: number; readonly met: boolean };
  readonly votes: readonly Fields[];
  readonly history: readonly Fields[];
  readonly deadlines: { readonly expiresAt: string | null };
}

/** What the API says of a workflow, or of a refusal. */
export interface Instance extends Fields {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly status: string;
  readonly state: string;
  readonly position: string;
}

/**
 * People who ask for approvals and decide them over HTTP, and what a subscriber hears of it. Every reply is compared with
 * the OpenAPI document of the system that gives it.
 */
export class ApprovalPeople {
  readonly #heard: CloudEvent[] = [];

  private constructor(
    private readonly system: TestSystem,
    private readonly subscriber: NatsConnection,
    private readonly documented: DocumentedReplies,
  ) {}

  static async open(system: TestSystem): Promise<ApprovalPeople> {
    const subscriber = await connectAnonymously(system.nats);
    const { body: document } = await (await system.as('bob')).get('/openapi.json');
    const people = new ApprovalPeople(system, subscriber, new DocumentedReplies(document));
    subscriber.subscribe('evt.approval.>', {
      callback: (_, message) => {
        people.#heard.push(CloudEvent.parse(message.json()));
      },
    });
    await subscriber.flush();
    return people;
  }

  close(): Promise<void> {
    return this.subscriber.close();
  }

  async post<Body = Approval>(
    user: string,
    path: string,
    body: object = {},
  ): Promise<ApiReply<Body>> {
    const reply = await (await this.system.as(user)).post<Body>(path, body);
    this.#check('POST', path, reply, body);
    return reply;
  }

  async get<Body>(user: string, path: string, after?: string): Promise<Body> {
    const reply = await (await this.system.as(user)).get<Body>(path, after);
    this.#check('GET', path, reply);
    return reply.body;
  }

  /** What Alice asks for. @throws Error when it is refused */
  async ask(wanted: object): Promise<Approval> {
    const body = { subject: { limit: 5 }, reason: 'a new limit', ...wanted };
    const reply = await this.post('alice', '/approvals', body);
    if (reply.status !== 201) throw new Error(`not asked: ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  decide(
    user: string,
    { approvalId, subjectHash }: Approval,
    more: object = {},
  ): Promise<ApiReply<Approval>> {
    const path = `/approvals/${approvalId}/decisions`;
    return this.post(user, path, { action: 'approve', reason: 'fine', subjectHash, ...more });
  }

  read({ approvalId, position }: Pick<Approval, 'approvalId' | 'position'>): Promise<Approval> {
    return this.get('bob', `/approvals/${approvalId}`, position);
  }

  workflow(workflowId: string): Promise<Instance> {
    return this.get('alice', `/workflows/${workflowId}`);
  }

  /** Waits until an event of such a type about an approval is published. */
  heard({ approvalId }: Pick<Approval, 'approvalId'>, type: string): Promise<CloudEvent> {
    return eventually(() => Promise.resolve(this.heardSoFar({ approvalId }, type).at(-1)));
  }

  heardSoFar({ approvalId }: Pick<Approval, 'approvalId'>, type: string): CloudEvent[] {
    return this.#heard.filter(
      (event) =>
        event.data['approvalId'] === approvalId && event.type === `countersign.approval.${type}.v1`,
    );
  }

  #check(method: string, path: string, { headers, ...reply }: ApiReply<unknown>, sent?: object) {
    const contentType = headers.get('content-type') ?? '';
    this.documented.check({ method, url: `/api/v1${path}`, sent, contentType, ...reply });
  }
}

/** Status and code of a refusal. */
export const refusal = ({ status, body }: ApiReply<Approval>): [number, string] => [
  status,
  body.code,
];
