import { runService, startServices } from '@countersign/service-kit';

import { TemplateServiceModule } from './template.service-module.js';

await runService((platform) => startServices(platform, [TemplateServiceModule]));
