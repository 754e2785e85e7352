/** What may reach no terminal, apart from line feeds: controls, surrogates, private use, separators, bidi. */
export const unsafe = /(?!\n)[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
