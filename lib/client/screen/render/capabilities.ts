/** What a terminal can show, as far as the environment tells. Knows variables, asks no terminal. */

type Env = Readonly<Record<string, string | undefined>>;

/** Whether to use colours: never with NO_COLOR (https://no-color.org), else always with FORCE_COLOR, else not on a dumb terminal. */
export function wantsColor(env: Env): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return !['', '0', 'false'].includes(env.FORCE_COLOR);
  return env.TERM !== 'dumb';
}

/** The locale can show more than ASCII. */
export function isUtf8(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  // A system that says nothing about it is a newer one, or a container.
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}
