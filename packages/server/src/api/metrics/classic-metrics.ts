import { sql } from 'kysely';
import { visibleDeviceTypes } from '../../auth/visibility.ts';
import type { Services } from '../../services.ts';

/** The names that LAVA's own monitoring page has. */
export async function classicMetrics(services: Services): Promise<string> {
  const { rows } = await sql<Record<string, number>>`select
    (select count(*)::int from devices d join workers w on w.hostname = d.worker where d.health in (0, 1) and w.state = 0) as devices_online,
    (select count(*)::int from devices where health <> 5) as devices_not_retired,
    (select count(*)::int from devices where state = 2) as devices_running,
    (select count(*)::int from jobs where state = 3) as jobs_running,
    (select count(*)::int from devices d join device_types t on t.name = d.device_type where d.health <> 5 and not t.disable_health_check) as devices_health_check_total,
    (select count(*)::int from devices where health = 0) as devices_health_check_complete,
    (select count(*)::int from workers where health <> 2) as workers_not_retired,
    (select count(*)::int from workers where health <> 2 and state = 0) as workers_online,
    (select count(*)::int from workers where health <> 2 and state = 1) as workers_offline,
    (select count(*)::int from workers where health = 1) as workers_maintenance,
    (select count(*)::int from workers where health = 0) as workers_active`.execute(services.db);
  const types = await sql<Record<string, number> & { name: string }>`
    select t.name, count(*) filter (where d.state = 0 and d.health in (0, 1))::int as idle, count(*) filter (where d.state <> 0)::int as busy,
      count(*) filter (where d.state = 0 and d.health in (2, 3))::int as offline, count(*) filter (where d.health = 4)::int as maintenance,
      (select count(*)::int from jobs j where j.requested_device_type = t.name and j.state = 0) as queue
    from device_types t left join devices d on d.device_type = t.name where t.display and ${visibleDeviceTypes(null, 't.name')} group by t.name order by t.name`.execute(services.db);
  const series = (name: string, lines: string[]) => `# TYPE ${name} counter\n${lines.join('\n')}\n`;
  const label = (value: string) => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
  const all = Object.entries(rows[0]!).map(([name, n]) => series(name, [`${name} ${n}`]));
  const byType = types.rows.flatMap((t) => ['idle', 'busy', 'offline', 'maintenance', 'queue'].map((state) => `device_type{name="${label(t.name)}",state="${state}"} ${t[state]}`));
  return all.join('') + (byType.length > 0 ? series('device_type', byType) : '');
}
