import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { get, post } from '../api/http.ts';
import type { Job } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import form from '../parts/form.module.css';

/** Says why a job failed, in words and by the tags of the lab. */
export function AnnotateDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const [comment, setComment] = useState(job.failure_comment ?? '');
  const [tags, setTags] = useState<readonly string[]>(job.failure_tags);
  const queries = useQueryClient();
  const known = useQuery({ queryKey: ['failure-tags'], queryFn: async ({ signal }) => (await get<{ failure_tags: { name: string; description: string }[] }>('failure-tags', signal)).failure_tags });
  const save = useMutation({ mutationFn: () => post(`jobs/${job.id}/annotation`, { comment, tags }), onSuccess: async () => { await queries.invalidateQueries({ queryKey: ['job'] }); onClose(); } });
  return (
    <Dialog title={`Why job ${job.sub_id ?? job.id} failed`} onClose={onClose}>
      <form className={form.sheet} onSubmit={(e) => { e.preventDefault(); save.mutate(); }}>
        {(known.data ?? []).length > 0 && (
          <fieldset className={form.flags}>
            <legend className="quiet">Tags</legend>
            {known.data?.map(({ name, description }) => <label key={name} title={description}><input type="checkbox" checked={tags.includes(name)} onChange={(e) => setTags(e.currentTarget.checked ? [...tags, name] : tags.filter((t) => t !== name))} />{name}</label>)}
          </fieldset>
        )}
        <Textarea label="Comment" rows={4} autosize={false} maxLength={10_000} value={comment} onChange={(e) => setComment(e.currentTarget.value)} />
        {save.error !== null && <Failure error={save.error} what="The note" />}
        <div className={form.buttons}><Button variant="default" onClick={onClose}>Close</Button><Button type="submit" loading={save.isPending}>Save</Button></div>
      </form>
    </Dialog>
  );
}
