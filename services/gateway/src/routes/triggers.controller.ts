import {
  CreateTrigger,
  DeleteTrigger,
  DryRunBody,
  DryRunTrigger,
  FireBody,
  FireTrigger,
  PauseTrigger,
  ReasonBody,
  ResumeTrigger,
  Trigger,
  triggerIdOf,
  TriggerName,
  TriggerReply,
} from '@countersign/contracts';
import { notFound, parseInput } from '@countersign/kernel';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { NoParameters, parseQuery, Uuid } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import {
  FiringsParameters,
  TriggerFirings,
  TriggerItem,
  TriggerList,
  TriggersParameters,
  TriggersQuery,
} from '../queries/triggers.query.js';
import { API } from './api-path.js';

/** A trigger's path holds its id or its name. @throws AppError `trigger.not-found`. */
function triggerIn(text: string): string {
  const id = Uuid.safeParse(text);
  if (id.success) return id.data;
  if (TriggerName.safeParse(text).success) return triggerIdOf(text);
  throw notFound('trigger.not-found', 'there is no such trigger');
}

const ReasonInQuery = ReasonBody.partial();
const params = { trigger: z.string().describe('id or name') };
const refusals = { 403: ['trigger.not-allowed'], 404: ['trigger.not-found'] };

@Controller(`${API}/triggers`)
export class TriggersController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(TriggersQuery) private readonly triggers: TriggersQuery,
  ) {}

  @Post()
  @Operation({
    summary: 'Create a trigger',
    description:
      'Active at once. Its template must have a published version, which must wait for the signal if it sends one; its expressions must compile. The name of a deleted one may be given again. Takes a member of the group `workflow-admins`.',
    body: Trigger,
    reply: TriggerReply,
    replyHeaders: { location: 'where the trigger is' },
    errors: {
      400: [
        'expression.invalid',
        'signal.reserved-name',
        'trigger.cron-invalid',
        'trigger.level-invalid',
        'trigger.time-zone-invalid',
      ],
      403: ['signal.sender-not-permitted', 'trigger.not-allowed'],
      404: ['template.not-found'],
      422: ['template.not-published', 'trigger.name-taken', 'workflow.unknown-signal'],
    },
  })
  async create(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const body = parseInput(Trigger, request.body);
    const created = await this.commands.send(request, CreateTrigger, body);
    reply.header('location', `/${API}/triggers/${created.triggerId}`);
    return created;
  }

  @Post(':trigger/pause')
  @HttpCode(202)
  @Operation({
    summary: 'Pause a trigger',
    description:
      'Messages that come meanwhile are passed over, which is recorded; times that come follow its `missed` policy when it is resumed. Takes a member of the group `workflow-admins`.',
    params,
    body: ReasonBody,
    reply: TriggerReply,
    errors: { ...refusals, 422: ['trigger.not-active'] },
  })
  pause(@Req() request: FastifyRequest, @Param('trigger') trigger: string) {
    const triggerId = triggerIn(trigger);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, PauseTrigger, { triggerId, ...body });
  }

  @Post(':trigger/resume')
  @HttpCode(202)
  @Operation({
    summary: 'Resume a paused trigger',
    params,
    body: ReasonBody,
    reply: TriggerReply,
    errors: { ...refusals, 422: ['trigger.not-paused'] },
  })
  resume(@Req() request: FastifyRequest, @Param('trigger') trigger: string) {
    const triggerId = triggerIn(trigger);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, ResumeTrigger, { triggerId, ...body });
  }

  /** The reason in the body or, for clients that send none with DELETE, in the query. */
  @Delete(':trigger')
  @HttpCode(202)
  @Operation({
    summary: 'Delete a trigger',
    description:
      'It fires no more and stays on record. The reason stands in the body, or in the query for clients that send no body with DELETE. Takes a member of the group `workflow-admins`.',
    kind: 'command',
    params,
    query: ReasonInQuery,
    body: ReasonBody.optional(),
    reply: TriggerReply,
    errors: refusals,
  })
  delete(@Req() request: FastifyRequest, @Param('trigger') trigger: string) {
    const triggerId = triggerIn(trigger);
    const { reason } = parseInput(ReasonBody, {
      ...parseQuery(ReasonInQuery, request.query),
      ...parseInput(ReasonBody.optional(), request.body ?? undefined),
    });
    return this.commands.send(request, DeleteTrigger, { triggerId, reason });
  }

  @Post(':trigger/dry-run')
  @HttpCode(200)
  @Operation({
    summary: 'What a trigger would do',
    description:
      'For one sample (message, input, or members of `schedule`), or for the last messages on its subject, which takes a member of the group `workflow-admins`. Nothing is started or recorded. The sample of an administrator is counted in the window of a threshold as it is now, unless `fromPresent` is false; everybody else’s in an empty one.',
    params,
    body: DryRunBody,
    reply: DryRunTrigger.reply,
    errors: refusals,
  })
  dryRun(@Req() request: FastifyRequest, @Param('trigger') trigger: string) {
    const triggerId = triggerIn(trigger);
    const run = parseInput(DryRunBody, request.body);
    return this.commands.send(request, DryRunTrigger, { triggerId, run });
  }

  /** 201: a workflow was started. */
  @Post(':trigger/fire')
  @Operation({
    summary: 'Fire a manual trigger',
    description:
      'Starts a workflow as whoever asks. `input` goes through the mapping of the trigger, `context` is taken as it is.',
    params,
    body: FireBody,
    reply: FireTrigger.reply,
    replyHeaders: { location: 'where the workflow is' },
    errors: {
      400: ['workflow.context-invalid'],
      404: ['template.not-found', 'trigger.not-found'],
      409: ['workflow.business-key-busy'],
      422: [
        'template.not-published',
        'trigger.mapping-failed',
        'trigger.not-manual',
        'trigger.paused',
        'workflow.business-key-taken',
      ],
    },
  })
  async fire(
    @Req() request: FastifyRequest,
    @Param('trigger') trigger: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const triggerId = triggerIn(trigger);
    const fire = parseInput(FireBody, request.body);
    const started = await this.commands.send(request, FireTrigger, { triggerId, fire });
    reply.header('location', `/${API}/workflows/${started.workflowId}`);
    return started;
  }

  @Get()
  @Operation({ summary: 'List triggers, by name', query: TriggersParameters, reply: TriggerList })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(TriggersParameters, request.query);
    return this.triggers.list(await this.views.of(request), parameters);
  }

  @Get(':trigger')
  @Operation({
    summary: 'One trigger, also a deleted one',
    params,
    query: NoParameters,
    reply: TriggerItem,
    errors: { 404: ['trigger.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('trigger') trigger: string) {
    parseQuery(NoParameters, request.query);
    return this.triggers.get(await this.views.of(request), triggerIn(trigger));
  }

  @Get(':trigger/firings')
  @Operation({
    summary: "A trigger's last firings and what came of them, newest first",
    params,
    query: FiringsParameters,
    reply: TriggerFirings,
    errors: { 404: ['trigger.not-found'] },
  })
  async firings(@Req() request: FastifyRequest, @Param('trigger') trigger: string) {
    const parameters = parseQuery(FiringsParameters, request.query);
    return this.triggers.firings(await this.views.of(request), triggerIn(trigger), parameters);
  }
}
