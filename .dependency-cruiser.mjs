/** Who may import whom. The rules are the architecture's; see ARCHITECTURE.md. */
const domain = '^services/[^/]+/src/.*/domain/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'services-do-not-import-each-other',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'libs-do-not-import-services',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(services|infra/local|infra/bench|test-e2e)/' },
    },
    {
      name: 'domain-imports-no-framework',
      comment: 'Deciders are pure: no Nest, no database, no bus, no Node.',
      severity: 'error',
      from: { path: domain, pathNot: '\\.spec\\.ts$' },
      to: {
        path: '(@nestjs|@nats-io|node_modules/pg/|kysely|^libs/(event-store|messaging|service-kit)/)',
      },
    },
    {
      name: 'pure-libs-stay-pure',
      severity: 'error',
      from: {
        path: '^libs/(kernel|expressions|state-machine|contracts)/src',
        pathNot: '\\.spec\\.ts$',
      },
      to: {
        path: '(@nestjs|@nats-io|node_modules/pg/|^libs/(event-store|messaging|service-kit)/)',
      },
    },
    {
      name: 'sdk-stays-small',
      comment: 'What outsiders install: the published language, HTTP and NATS.',
      severity: 'error',
      from: { path: '^libs/sdk/src', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(libs/(?!sdk/|contracts/|state-machine/src/schemas\\.ts)|infra/)' },
    },
    {
      name: 'the-published-language-evaluates-nothing',
      comment:
        'What the SDK brings along: of definitions, policies and the directory the schemas alone.',
      severity: 'error',
      from: { path: '^libs/contracts/src', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/state-machine/src/(?!schemas\\.ts)' },
    },
    {
      name: 'only-outsiders-use-the-sdk',
      severity: 'error',
      from: { path: '^(libs|services)/', pathNot: '^libs/sdk/' },
      to: { path: '^libs/sdk/' },
    },
    {
      name: 'test-library-only-in-tests',
      severity: 'error',
      from: {
        path: '^(libs|services)/',
        pathNot: '(\\.spec\\.ts$|/test/|^libs/testing/|contract-suite)',
      },
      to: { path: '^libs/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js'],
    },
  },
};
