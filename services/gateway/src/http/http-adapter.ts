import { unavailable } from '@countersign/kernel';
import type { Log } from '@countersign/service-kit';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { refuseConnection } from './client-errors.js';
import { acceptJsonOnly } from './json-body.js';
import { sendProblem } from './problem.filter.js';
import { rememberRoutes } from './route-table.js';

/** Path parameters are ids and names; Fastify refuses longer ones itself. */
const MAX_PARAM_LENGTH = 200;

/** For a client to send its request, body included; how long an answer may take is another matter. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The web server, without what an API has no use for: no middleware layer, no request log, no forms. */
export function createHttpAdapter(log: Log): FastifyAdapter {
  const adapter = new FastifyAdapter({
    logger: false,
    skipMiddie: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Its own answer while it closes is no problem document; see `refuseWhenClosing`.
    return503OnClosing: false,
    clientErrorHandler: refuseConnection,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // What the router refuses passes neither hooks nor filters.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      secure(reply);
      sendProblem(error, request, reply, log);
    },
  });
  const fastify: FastifyInstance = adapter.getInstance();
  fastify.decorateRequest('caller', null);
  fastify.addHook('onRequest', (_request, reply, done) => {
    secure(reply);
    done();
  });
  refuseWhenClosing(fastify);
  fastify.addHook('preClose', (done) => {
    // What was under way at the close keeps its connection afterwards, for as long as clients may reuse it.
    const { server } = fastify;
    const sweep = setInterval(() => {
      server.closeIdleConnections();
    }, 100);
    server.once('close', () => {
      clearInterval(sweep);
    });
    done();
  });
  acceptJsonOnly(fastify);
  rememberRoutes(fastify);
  return adapter;
}

/** What still comes in on open connections at the close is not begun any more. */
function refuseWhenClosing(fastify: FastifyInstance): void {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  fastify.addHook('onRequest', (_request, _reply, done) => {
    done(closing ? unavailable('gateway.stopping', 'the gateway is being stopped') : undefined);
  });
}

/** Answers are the caller's own and JSON: nobody keeps them, nobody takes them for something else. */
function secure(reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
}
