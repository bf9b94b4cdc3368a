import { RetryIncident, RetryWorkflow } from '@countersign/contracts';
import { parseInput, rule } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { IncidentsPage, IncidentsParameters, IncidentsQuery } from '../queries/incidents.query.js';
import { parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

const NoBody = z.strictObject({}).optional();

@Controller(`${API}/incidents`)
export class IncidentsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(IncidentsQuery) private readonly incidents: IncidentsQuery,
  ) {}

  /** Whose job it is depends on the kind of incident. */
  @Post(':incidentId/retry')
  @HttpCode(202)
  @Operation({
    summary: 'Try again what an incident is about',
    description:
      'Of kind `dead-letter` or `trigger`: the message or time that failed fires again, under its own ids, so that nothing starts twice; for a signal that a version of a template does not wait for, the version that is published last is looked at. The incident is resolved if that works out, and stays open if not. Takes a member of the group `workflow-admins`. Of kind `workflow`: as the retry of its workflow.',
    body: NoBody,
    reply: z.union([RetryIncident.reply, RetryWorkflow.reply]),
    errors: {
      403: ['signal.sender-not-permitted', 'trigger.not-allowed', 'workflow.operators-only'],
      404: ['incident.not-found', 'template.not-found', 'trigger.not-found'],
      422: [
        'incident.message-gone',
        'incident.not-retryable',
        'incident.resolved',
        'trigger.mapping-failed',
        'trigger.none-listens',
        'trigger.paused',
        'workflow.business-key-taken',
        'workflow.no-incident',
        'workflow.not-active',
        'workflow.retry-failed',
        'workflow.unknown-signal',
      ],
    },
  })
  async retry(@Req() request: FastifyRequest, @Param('incidentId') id: string) {
    const incidentId = pathId(id, 'incident.not-found');
    parseInput(NoBody, request.body);
    const incident = await this.incidents.find(await this.views.of(request), incidentId);
    // One that is not in the table yet can only be new, and the service knows it.
    const kind = incident?.kind ?? 'trigger';
    if (kind === 'dead-letter' || kind === 'trigger') {
      return this.commands.send(request, RetryIncident, { incidentId });
    }
    if (kind === 'workflow' && incident?.workflow_id != null) {
      return this.commands.send(request, RetryWorkflow, { workflowId: incident.workflow_id });
    }
    throw rule('incident.not-retryable', `an incident of kind ${kind} cannot be tried again here`);
  }

  @Get()
  @Operation({
    summary: 'List incidents: what needs a person',
    query: IncidentsParameters,
    reply: IncidentsPage,
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(IncidentsParameters, request.query);
    return this.incidents.list(await this.views.of(request), parameters);
  }
}
