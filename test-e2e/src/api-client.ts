/** A reply of the gateway. */
export interface ApiReply<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface ApiRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Position that the query waits for. */
  readonly after?: string;
  readonly key?: string;
}

/** The gateway as one person uses it. */
export class ApiClient {
  constructor(
    private readonly base: string,
    readonly user: string,
    private readonly token: string,
  ) {}

  /** Signs in as one of the development users. */
  static async signIn(base: string, user: string): Promise<ApiClient> {
    const response = await fetch(`${base}/api/v1/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    const { token } = (await response.json()) as { token: string };
    return new ApiClient(base, user, token);
  }

  get<Body = Record<string, unknown>>(path: string, after?: string): Promise<ApiReply<Body>> {
    return this.call('GET', path, after === undefined ? {} : { after });
  }

  post<Body = Record<string, unknown>>(
    path: string,
    body: unknown,
    options: Omit<ApiRequest, 'body'> = {},
  ): Promise<ApiReply<Body>> {
    return this.call('POST', path, { ...options, body });
  }

  async call<Body>(
    method: string,
    path: string,
    { body, headers = {}, after, key }: ApiRequest,
  ): Promise<ApiReply<Body>> {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(after === undefined ? {} : { 'countersign-after': after }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Body,
    };
  }
}
