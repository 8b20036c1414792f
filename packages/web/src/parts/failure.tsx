import { Button } from '@mantine/core';
import { Link, useRouterState } from '@tanstack/react-router';
import { ApiError } from '../api/http.ts';
import { Notice } from './notice.tsx';

/** A request that failed: what, and what to do. */
export function Failure({ error, retry, what = 'This page' }: { error: unknown; retry?: () => void; what?: string }) {
  const here = useRouterState({ select: (s) => s.location.href });
  const status = error instanceof ApiError ? error.status : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const title = status === 401 ? 'Sign in to see this' : status === 403 ? 'Not for this account' : status === 404 ? 'Not found' : `${what} could not be read`;
  return (
    <Notice tone={status === 401 || status === 404 ? 'idle' : 'bad'} title={title} role="alert"
      action={status === 401
        ? <Link to="/accounts/login" search={{ next: here } as never}>Sign in</Link>
        : retry && status !== 403 && status !== 404 ? <Button size="xs" variant="default" onClick={retry}>Try again</Button> : undefined}>
      {message}{error instanceof ApiError && error.hint !== undefined && <> — {error.hint}</>}
    </Notice>
  );
}
