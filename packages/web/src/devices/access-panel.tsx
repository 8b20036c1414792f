import { Button, NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { send } from '../api/http.ts';
import { grantsQuery, groupsQuery, type Granted, restPath } from '../api/queries.ts';
import type { Grant } from '../api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { TypeLink } from '../parts/links.tsx';
import { Coming, Panel } from '../parts/page.tsx';
import style from './access-panel.module.css';

const verbs = [['view', 'See it'], ['submit_to', 'Submit jobs to it'], ['change', 'Change it']] as const;

/** Which groups may see, use and change a device or a device type; a device that says nothing goes by its type. For superusers. */
export function AccessPanel({ kind, name, type }: { kind: Granted; name: string; type?: string }) {
  const grants = useQuery(grantsQuery(kind, name));
  const ofType = useQuery({ ...grantsQuery('devicetype', type ?? ''), enabled: type !== undefined });
  const groups = useQuery(groupsQuery);
  const queries = useQueryClient();
  const again = () => void queries.invalidateQueries({ queryKey: ['grants', kind, name] });
  const path = `${restPath}/permissions/${kind}s/`;
  const take = useMutation({ mutationFn: (id: number) => send('DELETE', `${path}${id}/`), onSuccess: again });
  const give = useMutation({ mutationFn: (grant: { permission: string; group: string }) => send('POST', path, { ...grant, [kind]: name }), onSuccess: again });
  const error = grants.error ?? take.error ?? give.error;
  return (
    <Panel title="Who may">
      {error !== null && <Failure error={error} what="The permissions" />}
      {grants.data === undefined ? <Coming rows={3} /> : (
        <>
          <dl className={style.verbs}>
            {verbs.map(([verb, label]) => {
              const own = grants.data.filter((g) => g.permission === `${verb}_${kind}`);
              return (
                <div key={verb}>
                  <dt>{label}</dt>
                  <dd>
                    {own.length === 0 ? <Default verb={verb} type={type} grants={ofType.data ?? []} />
                      : own.map((g) => <span key={g.id} className={style.group}>{g.group}<button type="button" aria-label={`Take "${label}" from ${g.group}`} title="Take it away" onClick={() => take.mutate(g.id)}>×</button></span>)}
                  </dd>
                </div>
              );
            })}
          </dl>
          <Give groups={(groups.data ?? []).map((g) => g.name)} busy={give.isPending} onGive={(verb, group) => give.mutate({ permission: `${verb}_${kind}`, group })} />
        </>
      )}
    </Panel>
  );
}

/** Who may where no group is named. */
function Default({ verb, type, grants }: { verb: (typeof verbs)[number][0]; type: string | undefined; grants: readonly Grant[] }) {
  const named = grants.filter((g) => g.permission === `${verb}_devicetype`);
  if (type !== undefined && named.length > 0) return <span className="quiet">{named.map((g) => g.group).join(', ')}, by its type <TypeLink name={type} /></span>;
  return <span className="quiet">{verb === 'view' ? 'everybody' : verb === 'submit_to' ? 'whoever is signed in' : 'superusers, and who may change all devices'}</span>;
}

function Give({ groups, busy, onGive }: { groups: readonly string[]; busy: boolean; onGive: (verb: string, group: string) => void }) {
  const [verb, setVerb] = useState<string>('submit_to');
  const [group, setGroup] = useState('');
  if (groups.length === 0) return <p className="quiet">There are no groups to give it to: <Link to="/admin/groups">make one</Link>.</p>;
  return (
    <form className={style.give} onSubmit={(e) => { e.preventDefault(); onGive(verb, group || (groups[0] ?? '')); }}>
      <NativeSelect aria-label="Group" data={[...groups]} value={group || groups[0]} onChange={(e) => setGroup(e.currentTarget.value)} />
      <NativeSelect aria-label="May" data={verbs.map(([value, label]) => ({ value, label: `may ${label[0]?.toLowerCase()}${label.slice(1)}` }))} value={verb} onChange={(e) => setVerb(e.currentTarget.value)} />
      <Button type="submit" variant="default" loading={busy}>Give</Button>
    </form>
  );
}
