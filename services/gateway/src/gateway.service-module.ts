import { messageOf } from '@countersign/kernel';
import { PLATFORM, hostModule, type Platform } from '@countersign/service-kit';
import {
  type DynamicModule,
  type INestApplicationContext,
  Module,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AuthModule } from './auth/auth.module.js';
import { loadGatewayConfig } from './config.js';
import { ApiDocuments } from './documents/api-documents.js';
import { EventFeedsHost } from './feeds/event-feeds-host.js';
import { CommandGate } from './http/command-gate.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { ProblemFilter } from './http/problem.filter.js';
import { ProjectionHints, projectionProgress } from './http/projection-hints.js';
import { ApprovalReportQuery } from './queries/approval-report.query.js';
import { ApprovalsQuery } from './queries/approvals.query.js';
import { AvailableTransitions } from './queries/available-transitions.js';
import { BulkJobsQuery } from './queries/bulk-jobs.query.js';
import { DecisionJobsQuery } from './queries/decision-jobs.query.js';
import { EventsQuery } from './queries/events.query.js';
import { IncidentsQuery } from './queries/incidents.query.js';
import { ReadViews } from './queries/read-views.js';
import { TemplatesQuery } from './queries/templates.query.js';
import { TriggersQuery } from './queries/triggers.query.js';
import { WorkflowTransitionsQuery } from './queries/workflow-transitions.query.js';
import { WorkflowsQuery } from './queries/workflows.query.js';
import { ApprovalCommandsController } from './routes/approval-commands.controller.js';
import { ApprovalsController } from './routes/approvals.controller.js';
import { BulkJobsController } from './routes/bulk-jobs.controller.js';
import { DecisionJobsController } from './routes/decision-jobs.controller.js';
import { DelegationsController } from './routes/delegations.controller.js';
import { DevController } from './routes/dev.controller.js';
import { DirectoryController } from './routes/directory.controller.js';
import { DocumentsController } from './routes/documents.controller.js';
import { EventsController } from './routes/events.controller.js';
import { HealthController } from './routes/health.controller.js';
import { IncidentsController } from './routes/incidents.controller.js';
import { InterventionsController } from './routes/interventions.controller.js';
import { ReportsController } from './routes/reports.controller.js';
import { SignalsController } from './routes/signals.controller.js';
import { SchemasController } from './routes/schemas.controller.js';
import { TemplateCommandsController } from './routes/template-commands.controller.js';
import { TemplateInterchangeController } from './routes/template-interchange.controller.js';
import { TemplatesController } from './routes/templates.controller.js';
import { TriggersController } from './routes/triggers.controller.js';
import { WorkflowsController } from './routes/workflows.controller.js';

const controllers = [
  ApprovalCommandsController,
  ApprovalsController,
  BulkJobsController,
  DecisionJobsController,
  DelegationsController,
  DevController,
  DirectoryController,
  DocumentsController,
  EventsController,
  HealthController,
  IncidentsController,
  InterventionsController,
  ReportsController,
  SignalsController,
  SchemasController,
  TemplateCommandsController,
  TemplateInterchangeController,
  TemplatesController,
  TriggersController,
  WorkflowsController,
];

/** The gateway: HTTP in front, commands on the bus and queries of the read tables behind. */
@Module({
  imports: [AuthModule],
  controllers,
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    {
      provide: ApiDocuments,
      inject: [PLATFORM],
      useFactory: ({ config }: Platform) => new ApiDocuments(controllers, config.NATS_URL),
    },
    projectionProgress,
    ProjectionHints,
    EventFeedsHost,
    CommandGate,
    ReadViews,
    AvailableTransitions,
    ApprovalReportQuery,
    ApprovalsQuery,
    BulkJobsQuery,
    DecisionJobsQuery,
    EventsQuery,
    IncidentsQuery,
    TemplatesQuery,
    TriggersQuery,
    WorkflowTransitionsQuery,
    WorkflowsQuery,
  ],
})
export class GatewayServiceModule {}

/** The gateway on an open platform, with other services in the same process or without, not listening yet. */
export async function createGateway(
  platform: Platform,
  otherModules: readonly (DynamicModule | Type)[] = [],
): Promise<NestFastifyApplication> {
  // What is wrong with the configuration is one sentence here, and a stack trace inside of Nest.
  loadGatewayConfig(platform.config);
  return await NestFactory.create<NestFastifyApplication>(
    hostModule(platform, [GatewayServiceModule, ...otherModules]),
    createHttpAdapter(platform.log),
    { logger: ['error', 'fatal'], abortOnError: false, bodyParser: false },
  );
}

/**
 * Starts the gateway, and with it the other modules given.
 *
 * @throws Error one sentence when it cannot listen, with everything stopped again.
 */
export async function startGateway(
  platform: Platform,
  otherModules: readonly (DynamicModule | Type)[] = [],
): Promise<INestApplicationContext> {
  const app = await createGateway(platform, otherModules);
  const { HOST, PORT } = platform.config;
  try {
    await app.init();
    // Not `app.listen`: that prints the error that is thrown, stack and all.
    await app.getHttpAdapter().getInstance().listen({ port: PORT, host: HOST });
  } catch (error) {
    await app.close();
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${PORT} on ${HOST} is taken: ${messageOf(error)}`, { cause: error });
  }
  return app;
}
