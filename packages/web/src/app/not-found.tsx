import { Link } from '@tanstack/react-router';
import { Empty, Page, Panel } from '../parts/page.tsx';

export function NotFound() {
  return (
    <Page title="No such page">
      <Panel>
        <Empty title="There is nothing at this address">
          The lab’s <Link to="/scheduler/alljobs">jobs</Link>, <Link to="/scheduler/alldevices">devices</Link> and <Link to="/scheduler/allworkers">workers</Link> are
          listed on their own pages; <kbd>?</kbd> shows the keys.
        </Empty>
      </Panel>
    </Page>
  );
}
