import type { ErrorCodes, OperationKind } from './operation.js';

const NEEDS_TOKEN = {
  400: ['auth.token-repeated'],
  401: ['auth.token-missing', 'auth.token-invalid', 'auth.token-expired'],
  403: ['auth.inactive'],
  503: ['auth.issuer-unreachable'],
} as const;

const TAKES_BODY: ErrorCodes = {
  400: [
    'request.invalid',
    'request.malformed',
    'request.too-deep',
    'request.too-many-values',
    'request.doubled-member',
    'request.inexact-number',
    'request.unstorable-text',
  ],
  413: ['request.too-large'],
  415: ['request.unsupported-encoding', 'request.unsupported-media-type'],
};

const OF_SERVICES = [
  'event-store.unavailable',
  'service.failed',
  'service.timeout',
  'service.unreachable',
];

const OF_KIND: Readonly<Record<OperationKind, ErrorCodes>> = {
  command: {
    400: ['idempotency.bad-key', 'event-store.event-too-large'],
    409: ['aggregate.contended'],
    422: ['idempotency.key-reused'],
    503: OF_SERVICES,
  },
  question: { 503: OF_SERVICES },
  query: {
    400: ['query.bad-position', 'query.invalid'],
    503: ['query.behind', 'read-model.unavailable'],
  },
  log: {
    400: ['query.bad-position', 'query.invalid'],
    503: ['event-store.unavailable'],
  },
  plain: {},
};

export interface Traits {
  readonly kind: OperationKind;
  readonly isPublic: boolean;
  readonly takesBody: boolean;
  readonly takesParameters: boolean;
  readonly takesCursor: boolean;
}

/** Every code that an operation may be refused with, by status: its own and those of its kind. */
export function allErrors(own: ErrorCodes, traits: Traits): ReadonlyMap<number, readonly string[]> {
  const sources: Readonly<Partial<Record<number, readonly string[]>>>[] = [
    own,
    OF_KIND[traits.kind],
    { 500: ['internal.error'], 503: ['gateway.stopping'] },
    traits.isPublic ? {} : NEEDS_TOKEN,
    traits.takesBody ? TAKES_BODY : {},
    traits.takesParameters ? { 400: ['request.malformed', 'request.url-too-long'] } : {},
    traits.takesCursor ? { 400: ['query.bad-cursor'] } : {},
  ];
  const codes = new Map<number, Set<string>>();
  for (const source of sources) {
    for (const [status, some = []] of Object.entries(source)) {
      const known = codes.get(Number(status)) ?? new Set();
      codes.set(Number(status), new Set([...known, ...some]));
    }
  }
  return new Map(
    [...codes].sort(([a], [b]) => a - b).map(([status, some]) => [status, [...some].sort()]),
  );
}
