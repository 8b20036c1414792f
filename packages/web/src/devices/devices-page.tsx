import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { devicesQuery } from '../api/queries.ts';
import { useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Icon } from '../parts/icons.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import { deviceUsable } from '../parts/state.ts';
import { Tabs } from '../parts/tabs.tsx';
import { DeviceList } from './device-list.tsx';
import listBar from '../parts/list-bar.module.css';

const views = [
  { key: 'all', label: 'All', search: {} },
  { key: 'free', label: 'Free', search: { state: 'Idle', health: 'Good,Unknown,Looping' } },
  { key: 'busy', label: 'Busy', search: { state: 'Running,Reserved' } },
  { key: 'out', label: 'Out of use', search: { health: 'Bad,Maintenance' } },
  { key: 'retired', label: 'Retired', search: { health: 'Retired' } },
] as const;

const among = (list: string | undefined, word: string) => list === undefined || list === '' || list.split(',').includes(word);

/** All devices; filters are in the address. */
export function DevicesPage() {
  const [search, change] = useAddress();
  const { data, error, refetch } = useQuery(devicesQuery);
  const text = (search.search ?? '').toLowerCase();
  const shown = (data ?? []).filter((d) => among(search.state, d.state) && among(search.health, d.health) && among(search.type, d.device_type) && (search.health !== undefined || d.health !== 'Retired')
    && (text === '' || [d.hostname, d.device_type, d.worker, d.description, ...d.tags].some((s) => s?.toLowerCase().includes(text))));
  const current = views.find((v) => ('state' in v.search ? v.search.state : undefined) === search.state && ('health' in v.search ? v.search.health : undefined) === search.health);
  const free = (data ?? []).filter((d) => deviceUsable(d) && d.state === 'Idle').length;
  return (
    <Page title="Devices" lead={data !== undefined && `${free} free`}>
      <div className={listBar.bar}>
        <Tabs label="Which devices" items={views.map((v) => ({ key: v.key, to: '/scheduler/alldevices', search: v.search, label: v.label, current: current?.key === v.key }))} />
        <TextInput type="search" className={listBar.search} aria-label="Search devices" placeholder="Search   /" leftSection={<Icon name="search" size={14} />} value={search.search ?? ''} onChange={(e) => change({ search: e.currentTarget.value || undefined })} />
      </div>
      <Panel flush>
        {data === undefined ? error === null ? <Coming rows={8} /> : <div className={listBar.inside}><Failure error={error} retry={() => void refetch()} what="The devices" /></div>
          : shown.length > 0 ? <DeviceList devices={shown} label="Devices" />
          : data.length > 0 ? <Empty title="No device matches" />
          : <Empty title="No devices yet" command={'lava-server manage device-types add qemu\nlava-server manage devices add qemu01 --device-type qemu --worker WORKER'}>A device needs a device type and a worker:</Empty>}
      </Panel>
    </Page>
  );
}
