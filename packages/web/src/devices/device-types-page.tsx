import { useQuery } from '@tanstack/react-query';
import { deviceTypesQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { TypeLink } from '../parts/links.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';

/** Device types with what is free and what waits. */
export function DeviceTypesPage() {
  const { data, error, refetch } = useQuery(deviceTypesQuery);
  const shown = (data ?? []).filter((t) => t.display);
  return (
    <Page title="Device types">
      <Panel flush>
        {data === undefined ? error === null ? <Coming rows={6} /> : <Failure error={error} retry={() => void refetch()} what="The device types" />
          : shown.length === 0 ? <Empty title="No device types yet" command="lava-server manage device-types add qemu" />
          : (
            <table className={table.table} aria-label="Device types">
              <thead><tr><th scope="col">Type</th><th scope="col" className={table.number}>Devices</th><th scope="col" className={table.number}>Free</th><th scope="col" className={table.number}>Busy</th><th scope="col" className={table.number}>Queued jobs</th></tr></thead>
              <tbody>
                {shown.map((t) => (
                  <tr key={t.name}>
                    <td className={table.main}><TypeLink name={t.name} row /></td>
                    <td className={table.number} data-label="Devices">{t.devices}</td><td className={table.number} data-label="Free">{t.idle}</td>
                    <td className={table.number} data-label="Busy">{t.busy}</td><td className={table.number} data-label="Queued">{t.queued}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
      </Panel>
    </Page>
  );
}
