import { Button, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { post } from '../api/http.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Page, Panel } from '../parts/page.tsx';
import { Select } from '../parts/select.tsx';
import { type Chart, type ChartPart, chartPath, chartQuery, chartTypes, queriesQuery } from './query-api.ts';
import style from './queries.module.css';

const fresh: ChartPart = { query: '', type: 'measurement', representation: 'lines', visibility: 'chart', height: 300, is_percentage: false, target_goal: null, x_attribute: null, attributes: [] };

export const AddChartPage = () => <ChartForm title="Add a chart" start={{ name: '', description: '', parts: [fresh] }} />;

export function EditChartPage() {
  const { name = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(chartQuery(name));
  if (data === undefined) return <Page title={name}>{error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The chart" />}</Page>;
  return <ChartForm title={`Edit ${name}`} start={data} chart={data} />;
}

function ChartForm({ title, start, chart }: { title: string; start: { name: string; description: string; parts: readonly ChartPart[] }; chart?: Chart }) {
  const [name, setName] = useState(start.name);
  const [description, setDescription] = useState(start.description);
  const [parts, setParts] = useState<ChartPart[]>([...start.parts]);
  const { data: saved = [] } = useQuery(queriesQuery);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const wanted = parts.map(({ query, type, representation, visibility, height, is_percentage, target_goal, x_attribute, attributes }) => ({ query, type, representation, visibility, height, is_percentage, target_goal, x_attribute, attributes }));
      return post(chart ? chartPath(chart.name) : 'charts', { ...(!chart && { name }), description, parts: wanted });
    },
    onSuccess: async () => { await queries.invalidateQueries({ queryKey: ['charts'] }); await navigate({ to: '/results/chart/$name', params: { name } }); },
  });
  const set = (n: number, patch: Partial<ChartPart>) => setParts(parts.map((p, i) => (i === n ? { ...p, ...patch } : p)));
  return (
    <Page title={title}>
      <Panel>
        <form className={style.form} onSubmit={(e) => { e.preventDefault(); save.mutate(); }}>
          {!chart && <TextInput label="Name" required maxLength={200} pattern="[\-A-Za-z0-9_.]+" title="Letters, digits, dots, dashes and underscores" value={name} onChange={(e) => setName(e.currentTarget.value)} />}
          <Textarea label="Description" rows={2} autosize={false} maxLength={10_000} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
          {parts.map((p, n) => (
            // oxlint-disable-next-line react/no-array-index-key -- parts have no names
            <fieldset key={n}>
              <legend>Plot {n + 1}</legend>
              <div className={style.row}>
                <Select label="Query" required data={[{ value: '', label: 'choose' }, ...saved.map((q) => `~${q.owner}/${q.name}`)]} value={p.query} onChange={(e) => set(n, { query: e.currentTarget.value })} />
                <Select label="Draws" data={[...chartTypes]} value={p.type} onChange={(e) => set(n, { type: e.currentTarget.value as ChartPart['type'] })} />
                <Select label="As" data={['lines', 'bars']} value={p.representation} onChange={(e) => set(n, { representation: e.currentTarget.value as ChartPart['representation'] })} />
                <Select label="Shows" data={[{ value: 'chart', label: 'the plot' }, { value: 'table', label: 'the table' }, { value: 'both', label: 'both' }]} value={p.visibility} onChange={(e) => set(n, { visibility: e.currentTarget.value as ChartPart['visibility'] })} />
              </div>
              <div className={style.row}>
                {p.type === 'attributes' && <TextInput label="Attributes" placeholder="keys of metadata, with commas between" value={p.attributes.join(',')} onChange={(e) => set(n, { attributes: e.currentTarget.value.split(',') })} />}
                <TextInput label="X axis" placeholder="time; or a key of the metadata of jobs" value={p.x_attribute ?? ''} onChange={(e) => set(n, { x_attribute: e.currentTarget.value || null })} />
                <TextInput label="Goal" type="number" step="any" value={p.target_goal === null ? '' : String(p.target_goal)} onChange={(e) => set(n, { target_goal: e.currentTarget.value === '' ? null : Number(e.currentTarget.value) })} />
                <TextInput label="Height" type="number" min={200} max={400} value={String(p.height)} onChange={(e) => set(n, { height: Number(e.currentTarget.value) })} />
                {p.type === 'pass/fail' && <label className={style.tick}><input type="checkbox" checked={p.is_percentage} onChange={(e) => set(n, { is_percentage: e.currentTarget.checked })} />in percent</label>}
                <Button variant="default" onClick={() => setParts(parts.filter((_, i) => i !== n))}>Remove</Button>
              </div>
            </fieldset>
          ))}
          <div className={style.buttons}><Button variant="default" onClick={() => setParts([...parts, fresh])}>Add a plot</Button></div>
          {save.error !== null && <Failure error={save.error} what="The chart" />}
          <div className={style.buttons}><Button type="submit" loading={save.isPending}>Save</Button></div>
        </form>
      </Panel>
    </Page>
  );
}
