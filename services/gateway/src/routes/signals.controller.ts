import {
  SignalBody,
  SignalByKey,
  SignalByKeyBody,
  SignalReply,
  SignalWorkflow,
  WithdrawSignal,
  WorkflowReply,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, Delete, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { API } from './api-path.js';

@Controller(API)
export class SignalsController {
  constructor(@Inject(CommandGate) private readonly commands: CommandGate) {}

  @Post('workflows/:workflowId/signals')
  @HttpCode(202)
  @Operation({
    summary: 'Send a signal to a workflow',
    description:
      'Kept for `ttl` when no transition takes it at once; `outcome` says which. `GET /workflows/{id}` shows those that wait.',
    body: SignalBody,
    reply: SignalReply,
    errors: {
      400: ['signal.reserved-name'],
      404: ['workflow.not-found'],
      403: ['signal.sender-not-permitted'],
      422: ['signal.too-many', 'workflow.ended', 'workflow.too-large', 'workflow.unknown-signal'],
    },
  })
  signal(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = pathId(id, 'workflow.not-found');
    const body = parseInput(SignalBody, request.body);
    return this.commands.send(request, SignalWorkflow, { workflowId, ...body });
  }

  @Delete('workflows/:workflowId/signals/:signalId')
  @HttpCode(200)
  @Operation({
    summary: 'Take a signal back that waits',
    description:
      'By whoever sent it, or whoever started the workflow, one of its operators or an administrator.',
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['signal.not-waiting', 'workflow.not-found'],
      422: ['workflow.ended'],
    },
  })
  withdraw(
    @Req() request: FastifyRequest,
    @Param('workflowId') workflow: string,
    @Param('signalId') signal: string,
  ) {
    const workflowId = pathId(workflow, 'workflow.not-found');
    const signalId = pathId(signal, 'signal.not-waiting');
    return this.commands.send(request, WithdrawSignal, { workflowId, signalId });
  }

  @Post('signals')
  @HttpCode(202)
  @Operation({
    summary: 'Send a signal to the workflow with a business key',
    description:
      'All that share the key receive it. While none has it, the signal is kept for `ttl`, for the one that is started with it first. Without `workflowId` in the reply it waits.',
    body: SignalByKeyBody,
    reply: SignalByKey.reply,
    errors: {
      400: ['signal.reserved-name'],
      403: ['signal.sender-not-permitted'],
      404: ['template.not-found'],
      409: ['workflow.business-key-busy'],
      422: [
        'signal.too-many',
        'template.not-published',
        'template.retired',
        'workflow.too-large',
        'workflow.unknown-signal',
      ],
    },
  })
  signalByKey(@Req() request: FastifyRequest) {
    return this.commands.send(request, SignalByKey, parseInput(SignalByKeyBody, request.body));
  }
}
