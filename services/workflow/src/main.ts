import { runService, startServices } from '@countersign/service-kit';

import { WorkflowServiceModule } from './workflow.service-module.js';

await runService((platform) => startServices(platform, [WorkflowServiceModule]));
