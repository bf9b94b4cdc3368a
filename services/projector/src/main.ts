import { runService, startServices } from '@countersign/service-kit';

import { ProjectorServiceModule } from './projector.service-module.js';

await runService((platform) => startServices(platform, [ProjectorServiceModule]));
