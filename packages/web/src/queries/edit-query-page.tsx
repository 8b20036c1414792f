import { Button, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { get, post } from '../api/http.ts';
import { useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Page, Panel } from '../parts/page.tsx';
import { Select } from '../parts/select.tsx';
import { ConditionsForm } from './conditions-form.tsx';
import { readConditions } from './conditions.ts';
import { type Entity, entities, queryAddress, queryPath, queryQuery, type SavedQuery } from './query-api.ts';
import style from './queries.module.css';

type Draft = Pick<SavedQuery, 'name' | 'description' | 'entity' | 'limit' | 'label' | 'is_published' | 'is_live' | 'conditions'> & { group: string };

/** A new query, with what its address says of it. */
export function AddQueryPage() {
  const [search] = useAddress();
  const entity = (entities.some(([key]) => key === search.entity) ? search.entity : 'testjob') as Entity;
  return <QueryForm title="Add a query" start={{ name: '', description: '', entity, limit: 200, label: '', group: '', is_published: false, is_live: false, conditions: readConditions(entity, search.conditions ?? '') }} />;
}

export function EditQueryPage() {
  const { owner = '', name = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(queryQuery(owner.replace(/^~/u, ''), name));
  if (data === undefined) return <Page title={name}>{error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The query" />}</Page>;
  return <QueryForm title={`Edit ${data.name}`} start={{ ...data, group: data.group ?? '' }} query={data} />;
}

function QueryForm({ title, start, query }: { title: string; start: Draft; query?: SavedQuery }) {
  const [draft, setDraft] = useState(start);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const set = (patch: Partial<Draft>) => setDraft((d) => ({ ...d, ...patch }));
  const groups = useQuery({ queryKey: ['own-groups'], queryFn: ({ signal }) => get<{ name: string }[]>('/results/query/+get-group-names', signal) });
  const save = useMutation({
    mutationFn: () => {
      const { name, description, entity, limit, label, group, is_published, is_live, conditions } = draft;
      return post<SavedQuery>(query ? queryPath(query) : 'queries', { ...(!query && { name }), description, entity, limit, label, group, is_published, is_live, conditions: conditions.filter((c) => c.field !== '') });
    },
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: ['queries'] });
      await navigate({ to: queryAddress(saved) as '/' });
    },
  });
  return (
    <Page title={title}>
      <Panel>
        <form className={style.form} onSubmit={(e) => { e.preventDefault(); save.mutate(); }}>
          <div className={style.row}>
            {!query && <TextInput label="Name" required maxLength={200} pattern="[\-A-Za-z0-9_.]+" title="Letters, digits, dots, dashes and underscores" value={draft.name} onChange={(e) => set({ name: e.currentTarget.value })} />}
            <TextInput label="Label" description="Lists show queries of one label together" maxLength={200} value={draft.label} onChange={(e) => set({ label: e.currentTarget.value })} />
            <Select label="Group" description="Its members may change the query" data={[{ value: '', label: 'none' }, ...new Set([...groups.data?.map((g) => g.name) ?? [], draft.group].filter(Boolean))]} value={draft.group} onChange={(e) => set({ group: e.currentTarget.value })} />
          </div>
          <Textarea label="Description" rows={2} autosize={false} maxLength={10_000} value={draft.description} onChange={(e) => set({ description: e.currentTarget.value })} />
          <ConditionsForm entity={draft.entity} start={draft.conditions} onChange={(entity, conditions) => set({ entity, conditions })} />
          <div className={style.row}>
            <TextInput label="Rows at most" type="number" min={20} max={10_000} disabled={draft.is_live} value={String(draft.limit)} onChange={(e) => set({ limit: Number(e.currentTarget.value) })} />
            <label className={style.tick}><input type="checkbox" checked={draft.is_live} onChange={(e) => set({ is_live: e.currentTarget.checked })} />live: evaluated whenever somebody looks</label>
            <label className={style.tick}><input type="checkbox" checked={draft.is_published} onChange={(e) => set({ is_published: e.currentTarget.checked })} />published: seen by everybody</label>
          </div>
          {save.error !== null && <Failure error={save.error} what="The query" />}
          <div className={style.buttons}><Button type="submit" loading={save.isPending}>Save</Button></div>
        </form>
      </Panel>
    </Page>
  );
}
