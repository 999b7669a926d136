/**
 * The fastsfu client library: the entry module. Everything public is described in fastsfu.d.ts.
 */
export { createCall } from './call.js';
export { CallError } from './errors.js';
