/* The pages of queries and charts, which are loaded together. */
export { ChartPage, CustomChartPage } from './chart-page.tsx';
export { ChartsPage } from './charts-page.tsx';
export { CustomQueryPage } from './custom-query-page.tsx';
export { AddChartPage, EditChartPage } from './edit-chart-page.tsx';
export { AddQueryPage, EditQueryPage } from './edit-query-page.tsx';
export { QueriesPage } from './queries-page.tsx';
export { QueryPage } from './query-page.tsx';
