import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { post } from '../api/http.ts';
import type { Device } from '../api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { duration, localTime } from '../parts/format.ts';
import { JobLink } from '../parts/links.tsx';
import { Facts, Panel } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { jobMark } from '../parts/state.ts';
import { Ago, useNow } from '../parts/time.tsx';

/** When the device was checked, when it will be, and a way to have it checked now. */
export function HealthCheckPanel({ device }: { device: Device }) {
  const { health_check: check } = device;
  const queries = useQueryClient();
  const force = useMutation({
    // A device of unknown health is checked before jobs of users may have it.
    mutationFn: () => post(`devices/${encodeURIComponent(device.hostname)}/health`, { health: 'Unknown', reason: 'health check asked for' }),
    onSuccess: () => { for (const key of ['device', 'devices', 'audit']) void queries.invalidateQueries({ queryKey: [key] }); },
  });
  // Somebody has taken a device in maintenance out of use on purpose.
  const possible = check.defined && check.enabled && !['Retired', 'Maintenance'].includes(device.health) && !(check.due && device.health === 'Unknown');
  return (
    <Panel title="Health check" beside={device.can_change && check.defined && <Button variant="default" disabled={!possible} loading={force.isPending} onClick={() => force.mutate()} title="Sets the health to Unknown, so that the check goes before other jobs">Check now</Button>}>
      {force.error !== null && <Failure error={force.error} what="The health check" />}
      <Facts of={[
        ['Last', check.last === null ? <span key="l" className="quiet">none</span> : <span key="l"><JobLink id={check.last.job} /> <StateMark mark={jobMark(check.last)} plain /> <Ago time={check.last.submitted} /></span>],
        ['Next', <Next key="n" device={device} />],
        ['How often', check.enabled ? `every ${check.every} ${check.unit}` : 'never: switched off for the type'],
        ['Definition', <Definition key="d" device={device} />],
      ]} />
    </Panel>
  );
}

function Next({ device: { health, health_check: { due, next, jobs_left: left, defined, enabled } } }: { device: Device }) {
  const now = useNow();
  if (!defined) return <span className="quiet">none: nothing says what to check</span>;
  if (!enabled) return <span className="quiet">none</span>;
  if (due) return <>as soon as the device is free</>;
  if (left !== null) return <>{left <= 1 ? 'after the next job' : `after ${left} more jobs`}</>;
  if (next !== null) return <time dateTime={next} title={localTime(next)}>in {duration(Math.max(0, (Date.parse(next) - now) / 1000))}</time>;
  return <span className="quiet">not while the health is {health}</span>;
}

function Definition({ device: { device_type: type, health_check: { name, defined, file } } }: { device: Device }) {
  if (name === null) return <span className="quiet">none: the dictionary extends no template by name</span>;
  if (defined) return name === type ? <Link to="/scheduler/device_type/$name/health_check" params={{ name }}>{name}</Link> : <>{name}</>;
  return file === null ? <span className="quiet">none</span> : <span><Link to="/scheduler/device_type/$name/health_check" params={{ name: type }}>write one</Link>, or <code>{file}</code></span>;
}
