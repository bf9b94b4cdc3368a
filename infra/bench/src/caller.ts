import { Agent, request } from 'undici';

/** What any of the replies says. */
export interface Reply {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly position: string;
  readonly status: string;
  readonly subjectHash: string;
}

const keepAlive = new Agent({ connections: 64, pipelining: 1 });

/** Calls the gateway the way a client program would. @throws Error on any status but the one expected. */
export class Caller {
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
