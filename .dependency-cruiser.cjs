// Arrows go down only (docs/architecture.md). Each package names what it may import; everything else is an error.
const mayImport = {
  base: [],
  yaml: ['base'],
  jinja: ['base'],
  job: ['base', 'yaml'],
  device: ['base', 'yaml', 'jinja', 'job'],
  lab: ['base', 'yaml', 'job', 'device'],
  link: ['base'],
  dispatcher: ['base', 'yaml', 'job', 'device'],
  worker: ['base', 'yaml', 'job', 'link', 'dispatcher'],
  server: ['base', 'yaml', 'jinja', 'job', 'device', 'lab', 'link'],
  web: [],
  cli: ['base', 'yaml', 'job', 'device', 'lab', 'dispatcher', 'testbed'],
  testbed: ['base', 'yaml', 'job', 'device', 'link'],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(mayImport).map(([name, allowed]) => ({
      name: `layers-${name}`,
      comment: `${name} may import: ${allowed.join(', ') || 'no other package'}`,
      severity: 'error',
      from: { path: `^packages/${name}/src`, pathNot: '\\.test(ing)?\\.tsx?$|/src/testing/' },
      to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
    })),
    {
      name: 'pure-packages',
      comment: 'base, yaml, jinja, job and lab do no input or output, except that base finds its assets',
      severity: 'error',
      from: { path: '^packages/(yaml|jinja|job|lab)/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(fs|net|http|https|child_process|dgram|tls|worker_threads)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'] },
  },
};
