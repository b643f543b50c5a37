/** The parts of an answer that an error about it repeats. */
export type Trace = { readonly status: number; readonly requestId: string | null };

export function traceOf({ status, headers }: Pick<Response, 'status' | 'headers'>): Trace {
  // OpenStack services use the second name.
  return { status, requestId: headers.get('x-request-id') ?? headers.get('x-openstack-request-id') };
}
