/** Questions to a person, as an interface, so that a flow of them needs no terminal. */

export interface Question {
  /** May come from a server only through `printable`. */
  readonly message: string;
  /** Why an answer cannot be taken; undefined where it can. */
  readonly check?: (answer: string) => string | undefined;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** Every question rejects with Cancelled when it is not answered. */
export interface Prompter {
  /** @param question `initial` is the answer of whoever types nothing */
  text(question: Question & { readonly initial?: string | undefined }): Promise<string>;
  password(question: Question): Promise<string>;
  select<T extends string>(question: {
    readonly message: string;
    readonly options: readonly Choice<T>[];
  }): Promise<T>;
  /** No is what whoever types nothing says. */
  confirm(question: { readonly message: string }): Promise<boolean>;
  note(text: string, kind?: 'info' | 'warning'): void;
}

/** A person did not answer. */
export class Cancelled extends Error {
  readonly how: 'interrupted' | 'input-ended' | 'declined';

  constructor(how: Cancelled['how']) {
    super(`cancelled: ${how}`);
    this.name = 'Cancelled';
    this.how = how;
  }
}
