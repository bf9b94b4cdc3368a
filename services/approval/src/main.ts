import { runService, startServices } from '@countersign/service-kit';

import { ApprovalServiceModule } from './approval.service-module.js';

await runService((platform) => startServices(platform, [ApprovalServiceModule]));
