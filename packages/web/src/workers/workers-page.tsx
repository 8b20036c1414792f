import { useQuery } from '@tanstack/react-query';
import { workersQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { WorkerLink } from '../parts/links.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { healthMark, stateMark } from '../parts/state.ts';
import table from '../parts/table.module.css';
import { Ago } from '../parts/time.tsx';
import { warningWords } from './status-facts.tsx';

/** Workers and whether they are there. */
export function WorkersPage() {
  const { data, error, refetch } = useQuery(workersQuery);
  const shown = (data ?? []).filter((w) => w.health !== 'Retired');
  return (
    <Page title="Workers">
      <Panel flush>
        {data === undefined ? error === null ? <Coming rows={4} /> : <Failure error={error} retry={() => void refetch()} what="The workers" />
          : shown.length === 0 ? <Empty title="No workers yet" command={'lava-server manage workers add NAME\ncreate_certificate NAME'}>A worker must be known here, and the server must have its certificate:</Empty>
          : (
            <table className={table.table} aria-label="Workers">
              <thead><tr><th scope="col">Worker</th><th scope="col">State</th><th scope="col">Health</th><th scope="col" className={table.number}>Devices</th><th scope="col" className={table.number}>Busy</th><th scope="col">Last ping</th><th scope="col">Version</th><th scope="col">Description</th></tr></thead>
              <tbody>
                {shown.map((w) => (
                  <tr key={w.hostname}>
                    <td className={table.main}><WorkerLink name={w.hostname} row />{!w.display && <span className="quiet"> (disabled)</span>}{warningWords(w.status) !== '' && <span className="quiet"> ({warningWords(w.status)})</span>}</td>
                    <td data-label="State"><StateMark mark={stateMark(w.state)} plain /></td>
                    <td data-label="Health"><StateMark mark={healthMark(w.health)} plain /></td>
                    <td className={table.number} data-label="Devices">{w.devices}</td>
                    <td className={table.number} data-label="Busy">{w.busy}{w.job_limit > 0 && <span className="quiet"> of {w.job_limit}</span>}</td>
                    <td data-label="Last ping" className={table.named}><Ago time={w.last_ping} /></td>
                    <td data-label="Version" className={table.named}>{w.version ?? '–'}</td>
                    <td className={table.wide}>{w.description}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
      </Panel>
    </Page>
  );
}
