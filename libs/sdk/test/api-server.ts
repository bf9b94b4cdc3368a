import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** An HTTP server that answers what a test has prepared, in order; `hang up` breaks the connection. */
export class ApiServer {
  readonly received: Received[] = [];
  readonly answers: (Answer | 'hang up' | 'silence')[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ApiServer> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const text = Buffer.concat(chunks).toString();
        const body: unknown = text === '' ? undefined : JSON.parse(text);
        api.received.push({ method, path: url, headers, body });
        const answer = api.answers.shift() ?? { status: 500 };
        if (answer === 'silence') return;
        if (answer === 'hang up') {
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.status, {
          'content-type': 'application/json',
          ...answer.headers,
        });
        response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
      });
    });
    const api = new ApiServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  ok(body: unknown, status = 200): void {
    this.answers.push({ status, body });
  }

  problem(status: number, code: string, headers: Record<string, string> = {}): void {
    this.answers.push({ status, body: { status, code, detail: 'because', extra: 1 }, headers });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
