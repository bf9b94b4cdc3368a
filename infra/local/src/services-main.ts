import { ApprovalServiceModule } from '@countersign/approval';
import { startGateway } from '@countersign/gateway';
import { ProjectorServiceModule } from '@countersign/projector';
import { runService } from '@countersign/service-kit';
import { TemplateServiceModule } from '@countersign/template';
import { WorkflowServiceModule } from '@countersign/workflow';

/**
 * All services in one process. They share connections and the event store, and answer each other
 * without a way over NATS.
 */
await runService((platform) =>
  startGateway(platform, [
    TemplateServiceModule,
    WorkflowServiceModule,
    ApprovalServiceModule,
    ProjectorServiceModule,
  ]),
);
