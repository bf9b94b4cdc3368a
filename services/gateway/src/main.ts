import { runService } from '@countersign/service-kit';

import { startGateway } from './gateway.service-module.js';

await runService((platform) => startGateway(platform));
