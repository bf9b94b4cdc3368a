import { Log } from '@countersign/service-kit';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Inject,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { methodNotAllowed, PROBLEM_TYPE, toProblem } from './problem.js';

/** Turns whatever was thrown into a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(Log) private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    sendProblem(explained(error, request), request, http.getResponse<FastifyReply>(), this.log);
  }
}

/** That there is nothing at an address is not true if another method has something there. */
function explained(error: unknown, { url, server }: FastifyRequest): unknown {
  if (!(error instanceof NotFoundException)) return error;
  const allowed = server.routeTable.methodsAt(url);
  return allowed.length === 0 ? error : methodNotAllowed(allowed);
}

export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): void {
  const { status, headers, body } = toProblem(error);
  if (status >= 500 && body.code === 'internal.error') {
    const { method, routeOptions } = request;
    log.error({ error, method, route: routeOptions.url }, 'request failed');
  }
  if (reply.sent) return;
  void reply.code(status).headers(headers).type(PROBLEM_TYPE).send(JSON.stringify(body));
}
