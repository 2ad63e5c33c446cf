const SCHEME_AND_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i;

/** The path of a request target; one in absolute form has it behind scheme and host (spec/worker-http.md §3.2). */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = target.replace(SCHEME_AND_AUTHORITY, '');
  return path === '' ? '/' : path;
}
