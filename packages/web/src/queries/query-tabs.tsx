import { Tabs } from '../parts/tabs.tsx';

/** Queries and the charts that draw them stand side by side. */
export const QueryTabs = ({ current }: { current: 'queries' | 'charts' }) => (
  <Tabs label="Queries and charts" items={[{ key: 'queries', to: '/results/query', label: 'Queries', current: current === 'queries' }, { key: 'charts', to: '/results/chart', label: 'Charts', current: current === 'charts' }]} />
);
