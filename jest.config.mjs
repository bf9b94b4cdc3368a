import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
const places = '<rootDir>/{libs,services,infra,test-e2e}/**';

/** @type {import('jest').Config} */
const common = {
  testEnvironment: 'node',
  // Workspace packages resolve to their TypeScript sources through this export condition.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.data'],
};

/** @type {import('jest').Config} */
export default {
  testTimeout: 30_000,
  // A worker that is still tidying up is not one with something left open: that one never ends.
  workerGracefulExitTimeout: 10_000,
  projects: [
    {
      ...common,
      displayName: 'pure',
      testMatch: [`${places}/*.spec.ts`],
      testPathIgnorePatterns: ['\\.(int|e2e)\\.spec\\.ts$'],
    },
    {
      ...common,
      displayName: 'real',
      testMatch: [`${places}/*.{int,e2e}.spec.ts`],
      globalSetup: '<rootDir>/jest.global-setup.mjs',
      globalTeardown: '<rootDir>/jest.global-teardown.mjs',
    },
  ],
};
