import { Tabs } from '../parts/tabs.tsx';

/** What can be written and checked here. */
export const submitTabs = (current: 'job' | 'test-definition') => (
  <Tabs label="What to write" items={[
    { key: 'job', to: '/scheduler/jobsubmit', label: 'Job', current: current === 'job' },
    { key: 'test', to: '/scheduler/testdefinition', label: 'Test definition', current: current === 'test-definition' },
  ]} />
);
