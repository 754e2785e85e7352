/** The Store's methods as data and as functions. Knows their shapes, not what they do. */
import type { Store } from '../store.js';

export type Method = Exclude<keyof Store, 'close'>;
export type Result<M extends Method> = Awaited<ReturnType<Store[M]>>;
/** One method with its arguments, as it crosses to the database's thread. */
export type Call = {
  [M in Method]: { readonly method: M; readonly args: Readonly<Parameters<Store[M]>> };
}[Method];
export type Arguments<M extends Method> = Extract<Call, { method: M }>['args'];
export type Operations = { readonly [M in Method]: (...args: Parameters<Store[M]>) => Result<M> };
/** Some of them, for a file to say which ones it makes. */
export type OperationsOf<M extends Method> = Pick<Operations, M>;
