import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post, send } from '../api/http.ts';
import { tokensQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { localTime } from '../parts/format.ts';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';
import { Ago } from '../parts/time.tsx';
import form from '../parts/form.module.css';
import style from './admin.module.css';

/** Secrets with which programs use the API; one's own, or for superusers those of all. */
export function TokensPanel({ all = false }: { all?: boolean }) {
  const { data, error, refetch } = useQuery(tokensQuery(all));
  const queries = useQueryClient();
  const again = () => void queries.invalidateQueries({ queryKey: ['tokens'] });
  const remove = useMutation({ mutationFn: (id: number) => send('DELETE', `tokens/${id}`), onSuccess: again });
  return (
    <Panel flush title={all ? 'Tokens of all' : 'Your tokens'}>
      {remove.error !== null && <div className={style.inside}><Failure error={remove.error} what="The token" /></div>}
      {data === undefined ? error === null ? <Coming rows={4} /> : <div className={style.inside}><Failure error={error} retry={() => void refetch()} what="The tokens" /></div>
        : data.length === 0 ? <Empty title="No tokens yet" command={`export LAVA_URL=${location.origin} LAVA_TOKEN=…\nlava jobs`}>With a token, programs do what you may do here:</Empty>
        : (
          <table className={table.table} aria-label="Tokens">
            <thead><tr><th scope="col">Token</th>{all && <th scope="col">User</th>}<th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col"><span className="sr-only">Remove</span></th></tr></thead>
            <tbody>
              {data.map((t) => (
                <tr key={t.id}>
                  <td className={`${table.main} ${table.wide}`}>{t.description || <span className="quiet">no description</span>}</td>
                  {all && <td data-label="User">{t.username}</td>}
                  <td data-label="Made" className={table.named}><Ago time={t.created_at} /></td>
                  <td data-label="Last used" className={table.named}><Ago time={t.last_used_at} /></td>
                  <td data-label="Ends" className={table.named}>{t.expires_at === null ? <span className="quiet">never</span> : localTime(t.expires_at)}</td>
                  <td><button type="button" className={form.plain} aria-label={`Remove token ${t.description || t.id}`} onClick={() => { if (confirm('Remove this token? Programs that use it are refused from now on.')) remove.mutate(t.id); }}>Remove</button></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      {!all && <NewToken onMade={again} />}
    </Panel>
  );
}

function NewToken({ onMade }: { onMade: () => void }) {
  const [description, setDescription] = useState('');
  const [days, setDays] = useState('');
  const make = useMutation({ mutationFn: () => post<{ token: string }>('tokens', { description, days }), onSuccess: () => { setDescription(''); onMade(); } });
  return (
    <div className={style.inside}>
      <form className={form.row} onSubmit={(e) => { e.preventDefault(); make.mutate(); }}>
        <TextInput label="What for" maxLength={200} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
        <TextInput label="Ends after days" placeholder="never" inputMode="numeric" pattern="[1-9][0-9]{0,4}" value={days} onChange={(e) => setDays(e.currentTarget.value)} />
        <Button type="submit" variant="default" loading={make.isPending}>Make a token</Button>
      </form>
      {make.error !== null && <Failure error={make.error} what="The token" />}
      {make.data !== undefined && <Notice tone="ok" role="status" title="Copy it now: it is shown this once"><code className={style.secret}>{make.data.token}</code></Notice>}
    </div>
  );
}
