import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { adminTabs } from '../admin/admin-tabs.ts';
import { HomePage } from '../home/home-page.tsx';
import { JobsPage } from '../jobs/jobs-page.tsx';
import { stateTabs } from '../jobs/state-tabs.ts';
import { Broken } from './broken.tsx';
import { NotFound } from './not-found.tsx';
import { parseSearch, type Search, stringifySearch } from '../parts/address.ts';
import { Shell } from './shell.tsx';

/** LAVA's addresses, so that years of links keep working. Pages other than the first are loaded when they are opened. */
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, validateSearch: (search): Search => search as Search });
const parent = { getParentRoute: () => root };

const jobPage = lazyRouteComponent(() => import('../job/job-page.tsx'), 'JobPage');
const submitPage = lazyRouteComponent(() => import('../submit/submit-page.tsx'), 'SubmitPage');
const helpPage = lazyRouteComponent(() => import('../help/help-page.tsx'), 'HelpPage');
const adminPage = lazyRouteComponent(() => import('../admin/admin-page.tsx'), 'AdminPage');
const TextPage = lazyRouteComponent(() => import('../configuration/text-page.tsx'), 'TextPage');
const queryPages = () => import('../queries/pages.ts');
const queryPage = (name: keyof Awaited<ReturnType<typeof queryPages>>) => lazyRouteComponent(queryPages, name);
const devicesPage = lazyRouteComponent(() => import('../devices/devices-page.tsx'), 'DevicesPage');
const deviceTypesPage = lazyRouteComponent(() => import('../devices/device-types-page.tsx'), 'DeviceTypesPage');

/** An address of LAVA whose view is another address here. */
const moved = <P extends string>(path: P, to: string, search: Search = {}) => createRoute({
  ...parent, path, beforeLoad: (at) => { throw redirect({ href: `${fill(to, at.params as Search)}${stringifySearch({ ...search, ...(at.search as Search) })}`, replace: true }); },
});
/** Results are a part of the job's page. */
const result = <P extends string>(path: P) => createRoute({
  ...parent, path, beforeLoad: (at) => {
    const { job = '', suite = '', case: name = '' } = at.params as Search;
    throw redirect({ href: `/scheduler/job/${encodeURIComponent(job)}${stringifySearch({ pane: 'results', suite, case: name, ...(at.search as Search) })}`, replace: true });
  },
});
const fill = (to: string, params: Search) => to.replaceAll(/\$(\w+)/gu, (_, name: string) => encodeURIComponent(params[name] ?? ''));

const routes = [
  createRoute({ ...parent, path: '/', component: HomePage }),
  createRoute({ ...parent, path: '/scheduler', component: HomePage }),
  createRoute({ ...parent, path: '/accounts/login', component: lazyRouteComponent(() => import('../account/login-page.tsx'), 'LoginPage') }),

  ...stateTabs.map((tab) => createRoute({ ...parent, path: tab.path, component: () => <JobsPage tab={tab.key} /> })),
  moved('/scheduler/jobs', '/scheduler/alljobs'),
  moved('/scheduler/activejobs', '/scheduler/jobs/active'),
  moved('/scheduler/running', '/scheduler/jobs/active'),
  moved('/scheduler/longestjobs', '/scheduler/jobs/active'),
  moved('/scheduler/queue', '/scheduler/jobs/queued'),
  moved('/scheduler/joberrors', '/scheduler/jobs/failed'),
  moved('/results', '/scheduler/jobs/finished'),

  createRoute({ ...parent, path: '/scheduler/jobsubmit', component: submitPage }),
  createRoute({ ...parent, path: '/scheduler/testdefinition', component: lazyRouteComponent(() => import('../submit/test-definition-page.tsx'), 'TestDefinitionPage') }),
  createRoute({ ...parent, path: '/scheduler/job/$job/resubmit', component: submitPage }),
  createRoute({ ...parent, path: '/scheduler/job/$job', component: jobPage }),
  createRoute({ ...parent, path: '/scheduler/job/$job/definition', component: jobPage }),
  moved('/scheduler/job/$job/multinode_definition', '/scheduler/job/$job/definition'),
  createRoute({ ...parent, path: '/scheduler/job/$job/device_configuration', component: jobPage }),
  createRoute({ ...parent, path: '/scheduler/job/$job/metadata', component: jobPage }),
  createRoute({ ...parent, path: '/scheduler/job/$job/audit', component: jobPage }),
  moved('/scheduler/job/$job/cancel', '/scheduler/job/$job'),
  moved('/scheduler/job/$job/annotate_failure', '/scheduler/job/$job'),

  createRoute({ ...parent, path: '/results/query', component: queryPage('QueriesPage') }),
  createRoute({ ...parent, path: '/results/query/+add', component: queryPage('AddQueryPage') }),
  createRoute({ ...parent, path: '/results/query/+custom', component: queryPage('CustomQueryPage') }),
  createRoute({ ...parent, path: '/results/query/$owner/$name', component: queryPage('QueryPage') }),
  createRoute({ ...parent, path: '/results/query/$owner/$name/+edit', component: queryPage('EditQueryPage') }),
  // What LAVA does when these are opened asks for a button here.
  ...['+detail', '+refresh', '+delete', '+toggle-published', '+copy'].map((page) => moved(`/results/query/$owner/$name/${page}`, '/results/query/$owner/$name')),
  createRoute({ ...parent, path: '/results/chart', component: queryPage('ChartsPage') }),
  createRoute({ ...parent, path: '/results/chart/+add', component: queryPage('AddChartPage') }),
  createRoute({ ...parent, path: '/results/chart/+custom', component: queryPage('CustomChartPage') }),
  createRoute({ ...parent, path: '/results/chart/$name', component: queryPage('ChartPage') }),
  createRoute({ ...parent, path: '/results/chart/$name/+edit', component: queryPage('EditChartPage') }),
  ...['+detail', '+delete', '+toggle-published'].map((page) => moved(`/results/chart/$name/${page}`, '/results/chart/$name')),

  result('/results/$job'),
  result('/results/$job/$suite'),
  result('/results/$job/$suite/$case'),
  result('/results/$job/$suite/$set/$case'),

  createRoute({ ...parent, path: '/scheduler/alldevices', component: devicesPage }),
  moved('/scheduler/alldevices/active', '/scheduler/alldevices', { health: 'Good,Unknown,Looping,Bad,Maintenance' }),
  moved('/scheduler/alldevices/online', '/scheduler/alldevices', { health: 'Good,Unknown' }),
  moved('/scheduler/alldevices/maintenance', '/scheduler/alldevices', { health: 'Maintenance' }),
  createRoute({ ...parent, path: '/scheduler/device/$name', component: lazyRouteComponent(() => import('../devices/device-page.tsx'), 'DevicePage') }),
  createRoute({ ...parent, path: '/scheduler/device_types', component: deviceTypesPage }),
  createRoute({ ...parent, path: '/scheduler/alldevice_types', component: deviceTypesPage }),
  createRoute({ ...parent, path: '/scheduler/device_type/$name', component: lazyRouteComponent(() => import('../devices/device-type-page.tsx'), 'DeviceTypePage') }),
  createRoute({ ...parent, path: '/scheduler/allworkers', component: lazyRouteComponent(() => import('../workers/workers-page.tsx'), 'WorkersPage') }),
  createRoute({ ...parent, path: '/scheduler/worker/$name', component: lazyRouteComponent(() => import('../workers/worker-page.tsx'), 'WorkerPage') }),

  createRoute({ ...parent, path: '/scheduler/device/$name/devicedict', component: () => <TextPage kind="dictionary" /> }),
  createRoute({ ...parent, path: '/scheduler/device_type/$name/template', component: () => <TextPage kind="template" /> }),
  createRoute({ ...parent, path: '/scheduler/device_type/$name/health_check', component: () => <TextPage kind="health-check" /> }),
  createRoute({ ...parent, path: '/scheduler/worker/$name/config', component: () => <TextPage kind="dispatcher" /> }),
  createRoute({ ...parent, path: '/scheduler/worker/$name/env', component: () => <TextPage kind="env" /> }),
  createRoute({ ...parent, path: '/scheduler/worker/$name/env_dut', component: () => <TextPage kind="env-dut" /> }),

  createRoute({ ...parent, path: '/me', component: lazyRouteComponent(() => import('../account/me-page.tsx'), 'MePage') }),
  moved('/admin', '/admin/users'),
  ...adminTabs.map((tab) => createRoute({ ...parent, path: `/admin/${tab}`, component: adminPage })),
  createRoute({ ...parent, path: '/help', component: helpPage }),
  createRoute({ ...parent, path: '/help/$page', component: helpPage }),
];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: ({ error }) => <Broken error={error} />,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
  parseSearch,
  stringifySearch,
});

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
