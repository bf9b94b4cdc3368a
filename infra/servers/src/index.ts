export { findNatsServer } from './find-nats-server.js';
export { natsConfig, type NatsConfig } from './nats-config.js';
export { startNats, type NatsOptions, type RunningNats } from './nats.js';
export { freePort, isPortFree, portProblem, waitForPort } from './ports.js';
export { findPostgres } from './postgres-binaries.js';
export { startPostgres, type PostgresOptions, type RunningPostgres } from './postgres.js';
export {
  endProcess,
  identify,
  isRunning,
  type EndStep,
  type ProcessIdentity,
} from './process-identity.js';
export { cacheFolder, repositoryFolder } from './project-paths.js';
export { ServerError } from './server-error.js';
export {
  exitWithParent,
  spawnServer,
  type ChildExit,
  type ServerProcess,
  type SpawnOptions,
} from './server-process.js';
