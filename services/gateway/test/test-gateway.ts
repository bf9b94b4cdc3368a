import { DocumentedReplies } from '@countersign/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { ApiDocuments } from '../src/documents/api-documents.js';
import { createGateway } from '../src/gateway.service-module.js';
import { FakePlatform } from './fake-platform.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Ask {
  /** Development user; without one, no token is sent. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text or bytes as they are. */
  readonly body?: object | string | Buffer;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** A gateway asked without a network. Every reply is compared with the gateway's own OpenAPI document. */
export class TestGateway {
  readonly #tokens = new Map<string, string>();

  private constructor(
    readonly fake: FakePlatform,
    private readonly app: NestFastifyApplication,
    private readonly documented: DocumentedReplies,
  ) {}

  static async start(fake: FakePlatform = new FakePlatform(undefined)): Promise<TestGateway> {
    const app = await createGateway(fake.platform);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return new TestGateway(fake, app, new DocumentedReplies(app.get(ApiDocuments).openApi));
  }

  /** As the web server has them. */
  get routes(): readonly { readonly method: string; readonly path: string }[] {
    return this.app.getHttpAdapter().getInstance().routeTable.routes;
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  async ask(method: Method, url: string, ask: Ask = {}): Promise<Answer> {
    const { as, body } = ask;
    const headers: Record<string, string> = {};
    if (as !== undefined) headers.authorization = `Bearer ${await this.token(as)}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const reply = await this.app.inject({
      method,
      url,
      headers: { ...headers, ...ask.headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const answer = {
      status: reply.statusCode,
      headers: reply.headers,
      body: JSON.parse(reply.payload) as Answer['body'],
    };
    const contentType = String(reply.headers['content-type']);
    const sent = typeof body === 'string' || Buffer.isBuffer(body) ? undefined : body;
    this.documented.check({ method, url, sent, contentType, ...answer });
    return answer;
  }

  async token(user: string): Promise<string> {
    const known = this.#tokens.get(user);
    if (known !== undefined) return known;
    const { body } = await this.ask('POST', '/api/v1/dev/token', { body: { user } });
    if (typeof body.token !== 'string') throw new Error(`no token for ${user}`);
    this.#tokens.set(user, body.token);
    return body.token;
  }
}
