import {
  CreateDelegation,
  Delegation,
  delegationAt,
  DelegationBody,
  EndDelegation,
} from '@countersign/contracts';
import { Clock, forbidden, isAdministrator, parseInput } from '@countersign/kernel';
import { DirectoryReader } from '@countersign/service-kit';
import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { callerOf } from '../auth/caller.js';
import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { anyCase, itemsOf, parseQuery, Text } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

const DelegationsParameters = z.strictObject({
  person: Text.optional().describe('absent: the caller; another takes an administrator'),
  status: anyCase(['PLANNED', 'ACTIVE', 'ENDED']).optional(),
});

const EndBody = EndDelegation.body.omit({ delegationId: true });

/** Who may decide for whom, and when. */
@Controller(`${API}/delegations`)
export class DelegationsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Operation({
    summary: 'Delegations that somebody gave or was given',
    description: 'All of them, the newest first.',
    kind: 'log',
    query: DelegationsParameters,
    reply: itemsOf(Delegation),
    errors: { 403: ['delegation.not-yours'] },
  })
  async list(@Req() request: FastifyRequest) {
    const { person, status } = parseQuery(DelegationsParameters, request.query);
    this.views.ofStore(request);
    const organisation = await this.directory.load();
    const caller = callerOf(request);
    const wanted = organisation.personOf(person ?? caller.id);
    if (wanted !== organisation.personOf(caller.id) && !isAdministrator(caller)) {
      throw forbidden('delegation.not-yours', "another person's delegations take an administrator");
    }
    const now = this.clock.now();
    const items = [...this.directory.state.delegations.values()]
      .filter(({ from, to }) => [from, to].some((id) => organisation.personOf(id) === wanted))
      .map((delegation) => delegationAt(delegation, now))
      .filter((delegation) => status === undefined || delegation.status === status);
    return { items: items.reverse() };
  }

  @Post()
  @Operation({
    summary: 'Let somebody decide for you, for a time',
    description:
      'Between people of the directory. `end` is a date and time with its zone; it comes after `start`, which is not in the past, and at most 366 days later: else `delegation.bad-period`. `scope` narrows it to templates, or to some of the ways in which policies name you; without it, or with `{}`, everything is covered. Delegations may follow one another, three at most, and never lead back. An administrator may give one for somebody absent, not to themselves. The rules about who may not approve hold for everybody on the way.',
    body: DelegationBody,
    reply: CreateDelegation.reply,
    errors: {
      403: ['delegation.not-yours'],
      422: [
        'delegation.bad-period',
        'delegation.cycle',
        'delegation.to-oneself',
        'delegation.too-long',
        'delegation.too-many',
        'delegation.unknown-person',
      ],
    },
  })
  create(@Req() request: FastifyRequest) {
    const body = parseInput(DelegationBody, request.body);
    return this.commands.send(request, CreateDelegation, body);
  }

  @Delete(':delegationId')
  @HttpCode(200)
  @Operation({
    summary: 'End a delegation',
    description:
      'By whoever gave, got or entered it, or an administrator. One that is over stays as it is. The reason stands in the body, or in the query for clients that send no body with DELETE.',
    query: EndBody,
    body: EndBody.optional(),
    reply: EndDelegation.reply,
    errors: { 403: ['delegation.not-yours'], 404: ['delegation.not-found'] },
  })
  end(@Req() request: FastifyRequest, @Param('delegationId') id: string) {
    const delegationId = pathId(id, 'delegation.not-found');
    const reason = {
      ...parseQuery(EndBody, request.query),
      ...parseInput(EndBody.optional(), request.body ?? undefined),
    };
    return this.commands.send(request, EndDelegation, { delegationId, ...reason });
  }
}
