/** What a session signs in with, the first time and after each reconnection. Knows credentials, not how they are sent. */
import type { RequestBody } from '../wire/connection.js';
import type { Credentials, SessionOptions } from './session.js';

export interface CredentialChain {
  /** The request that signs in, by the newest token where there is one. */
  request(): RequestBody;
  /** That request was accepted. */
  accepted(token: string | undefined): void;
  /** The server refused the token; false where there is nothing else to sign in with. */
  expired(): boolean;
}

export function createCredentialChain(
  options: Pick<SessionOptions, 'credentials' | 'mode' | 'remember'>,
): CredentialChain {
  const remember = options.remember === undefined ? {} : { remember: options.remember };
  let mode = options.mode === undefined ? {} : { mode: options.mode };
  let credentials: Credentials = options.credentials;
  let token = credentials.how === 'resume' ? credentials.token : undefined;

  return {
    request() {
      if (token !== undefined) return { type: 'resume', token, ...mode };
      switch (credentials.how) {
        case 'register': {
          const { name, password, code } = credentials;
          return { type: 'register', name, password, ...(code !== undefined && { code }), ...remember };
        }
        case 'sign-in':
          return {
            type: 'sign-in',
            name: credentials.name,
            password: credentials.password,
            ...(credentials.otp !== undefined && { otp: credentials.otp }),
            ...mode,
            ...remember,
          };
        case 'recover': {
          const { name, password, code } = credentials;
          return { type: 'recover', name, password, code };
        }
        case 'resume':
          return { type: 'resume', token: credentials.token, ...mode };
        default:
          return credentials satisfies never;
      }
    },
    accepted(next) {
      if (next !== undefined) token = next;
      // An account is created once, and codes work once.
      if (credentials.how !== 'resume') {
        credentials = { how: 'sign-in', name: credentials.name, password: credentials.password };
      }
      // Only at the first sign-in: two clients that took over at each reconnection would never stop.
      if (options.mode === 'take-over') mode = {};
    },
    expired() {
      token = undefined;
      return credentials.how !== 'resume';
    },
  };
}
