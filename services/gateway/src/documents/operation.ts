import { SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { z } from 'zod';

/**
 * What answers an operation, which decides the headers it takes and the refusals it shares with others:
 *
 * - `command`: a service, through the `CommandGate`; takes `Idempotency-Key`.
 * - `question`: a service, through the `CommandGate`; it reads and writes nothing.
 * - `query`: the read tables, through `ReadViews.of`; takes `Countersign-After`.
 * - `log`: the event store, through `ReadViews.ofStore`; takes `Countersign-After` and has not to wait.
 * - `plain`: the gateway itself.
 */
export type OperationKind = 'command' | 'question' | 'query' | 'log' | 'plain';

/** Refusals by the status they are sent with. */
export type ErrorCodes = Readonly<
  Partial<
    Record<
      400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 422 | 428 | 429 | 500 | 503,
      readonly string[]
    >
  >
>;

/** One route, as the API's document describes it. Method, path and status are taken from Nest's own decorators. */
export interface OperationSpec {
  /** What it does, in a few words: the heading in a reference page. */
  readonly summary: string;
  /** What the summary leaves open: rules, units, what comes next. */
  readonly description?: string;
  /** Absent: `command` for a POST, `query` for a GET. */
  readonly kind?: OperationKind;
  /** Path parameters. Those whose names end in `Id` are UUIDs and need no mention. */
  readonly params?: Readonly<Record<string, z.ZodType>>;
  /** The very schema that the query string is parsed with. */
  readonly query?: z.ZodObject;
  /** The very schema that the body is parsed with. */
  readonly body?: z.ZodType;
  /** Headers that it cannot do without, with what they mean. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** What a success answers, as JSON: times are texts. */
  readonly reply: z.ZodType;
  /** Headers of a success, with what they mean. */
  readonly replyHeaders?: Readonly<Record<string, string>>;
  /** The stable codes of its own refusals; those that it shares with its kind are added. */
  readonly errors?: ErrorCodes;
}

const OPERATION = 'countersign:operation';

/**
 * Describes a controller's method for `GET /api/v1/openapi.json`. Every route needs one; a test compares.
 *
 * @example
 * ```ts
 * @Post(':workflowId/pause')
 * @HttpCode(202)
 * @Operation({
 *   summary: 'Pause a workflow',
 *   body: ReasonBody,
 *   reply: WorkflowReply,
 *   errors: { 404: ['workflow.not-found'], 422: ['workflow.not-active'] },
 * })
 * pause(...) { ... }
 * ```
 */
export const Operation = (operation: OperationSpec) => SetMetadata(OPERATION, operation);

/** What a method was described with, undefined when nothing was said. */
export function operationOf(method: () => unknown): OperationSpec | undefined {
  return new Reflector().get<OperationSpec | undefined>(OPERATION, method);
}
