/** Serves the CBR REST API and tRPC on top of the engine. */
export type { TlsFiles } from './edges/certificate.ts';
export type { EdgeLimits } from './edges/edge-limits.ts';
export { checkTls } from './listen.ts';
export { ListenError } from './listen-error.ts';
export { type LocalGateway, type RunningGateway, serve } from './serve.ts';
