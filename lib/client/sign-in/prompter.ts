/** Questions to a person, as an interface, so that a flow of them needs no terminal. */

export interface PromptQuestion {
  /** Anything in it that comes from a server went through `printable`. */
  readonly message: string;
  /** Why an answer is not accepted; undefined where it is. */
  readonly check?: (answer: string) => string | undefined;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Every question rejects with Cancelled when it is not answered. */
export interface Prompter {
  /** @param question `initial` is the answer to just Enter */
  text(question: PromptQuestion & { readonly initial?: string | undefined }): Promise<string>;
  password(question: PromptQuestion): Promise<string>;
  select<T extends string>(question: {
    readonly message: string;
    readonly options: readonly Choice<T>[];
  }): Promise<T>;
  /** The default is No. */
  confirm(question: { readonly message: string }): Promise<boolean>;
  note(text: string, kind?: 'info' | 'warning'): void;
}

/** A question was not answered. */
export class Cancelled extends Error {
  readonly how: 'interrupted' | 'input-ended' | 'declined';

  constructor(how: Cancelled['how']) {
    super(`cancelled: ${how}`);
    this.name = 'Cancelled';
    this.how = how;
  }
}
