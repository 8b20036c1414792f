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

// The folders (and files beside them) of large packages, floor by floor, the lowest first. One may import those of lower
// floors, not its neighbours; one that stands on no floor may neither import nor be imported.
const floors = {
  dispatcher: [
    ['text', 'process', 'cache', 'expect'],
    ['log'],
    ['console', 'multinode'],
    ['pipeline'],
    ['connections', 'fetch', 'usb', 'ssh'],
    ['containers'],
    ['power', 'overlay'],
    ['flash'],
    ['deploy'],
    ['boot', 'test'],
    ['finalize.ts', 'scratch.ts'],
    ['build-pipeline.ts', 'finish-dead-run.ts'],
    ['run-job.ts'],
    ['lava-run.ts'],
    ['index.ts', 'method-coverage.ts'],
  ],
  server: [
    ['event-bus.ts', 'timings.ts', 'log-file.ts', 'settings', 'files', 'matching'],
    ['store'],
    ['auth'],
    ['services.ts'],
    ['groups', 'workers', 'objects', 'enrol', 'devices', 'logs', 'read'],
    ['export', 'queries'],
    ['notify'],
    ['jobs'],
    ['scheduler', 'link', 'lab', 'traces', 'coordinator', 'backup'],
    ['api', 'core'],
    ['leader', 'import'],
    ['server.ts'],
    ['run.ts', 'manage'],
    ['program.ts'],
    ['bin'],
  ],
  web: [
    ['api', 'theme.css'],
    ['parts'],
    ['editor', 'help', 'log', 'jobs'],
    ['home', 'admin', 'devices'],
    ['account', 'configuration', 'job', 'queries', 'submit', 'workers'],
    ['app'],
    ['main.tsx'],
  ],
};

const test = '\\.test(ing)?\\.tsx?$|/testing\\.ts$|/src/testing/';

const floorRules = (name, all) => {
  const inside = (rooms) => `^packages/${name}/src/(${rooms.map((room) => room.replaceAll('.', '\\.')).join('|')})(/|$)`;
  const src = `^packages/${name}/src/`;
  return [
    ...all.flatMap((floor, height) => floor.map((room) => {
      const below = all.slice(0, height).flat();
      return {
        name: `floors-${name}-${room}`,
        comment: `${room} may import: ${below.join(', ') || 'nothing of its package'}`,
        severity: 'error',
        from: { path: inside([room]), pathNot: test },
        to: { path: src, pathNot: inside([room, ...below]) },
      };
    })),
    { name: `floors-${name}-none`, comment: 'stands on no floor', severity: 'error', from: { path: src, pathNot: [inside(all.flat()), test] }, to: {} },
  ];
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(mayImport).map(([name, allowed]) => ({
      name: `layers-${name}`,
      comment: `${name} may import: ${allowed.join(', ') || 'no other package'}`,
      severity: 'error',
      from: { path: `^packages/${name}/src`, pathNot: test },
      to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
    })),
    ...Object.entries(floors).flatMap(([name, all]) => floorRules(name, all)),
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
