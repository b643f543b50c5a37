/** What an error repeats of the answer that it is about. */
export type Trace = { readonly status: number; readonly requestId: string | null };

export function traceOf({ status, headers }: Pick<Response, 'status' | 'headers'>): Trace {
  // The second is OpenStack's.
  return { status, requestId: headers.get('x-request-id') ?? headers.get('x-openstack-request-id') };
}
