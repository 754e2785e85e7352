/** What /set can change, kept per server. Pure; knows no effects of a setting. */

export interface SettingRow {
  readonly name: string;
  /** The first is the default. */
  readonly values: readonly string[];
  readonly help: string;
}

export const settingRows = [
  {
    name: 'formatting',
    values: ['on', 'off'],
    help: '*bold*, _italic_, `code`, > quotes, ``` blocks',
  },
  { name: 'mouse', values: ['on', 'off'], help: 'the wheel scrolls; select text with Shift' },
  { name: 'clock', values: ['24h', '12h'], help: 'hours of the day, or with am and pm' },
  { name: 'seconds', values: ['off', 'on'], help: 'seconds in times' },
  { name: 'ticks', values: ['off', 'on'], help: 'a mark on messages that the server has' },
  {
    name: 'typing',
    values: ['off', 'on'],
    help: 'show when you type; see when others do',
  },
  {
    name: 'receipts',
    values: ['off', 'on'],
    help: 'show what you read; see what others do',
  },
] as const satisfies readonly SettingRow[];

type Row = (typeof settingRows)[number];
export type SettingName = Row['name'];
export type Settings = { readonly [N in SettingName]: Extract<Row, { name: N }>['values'][number] };

/** The settings with what was kept; what is not a setting, or not a value of one, is left out. */
export function settingsFrom(kept: unknown): Settings {
  const chosen = typeof kept === 'object' && kept !== null ? (kept as Readonly<Record<string, unknown>>) : {};
  const entries = settingRows.map(({ name, values }) => [
    name,
    values.find((value) => Object.hasOwn(chosen, name) && value === chosen[name]) ?? values[0],
  ]);
  return Object.fromEntries(entries) as Settings;
}

/** Without a value, shows the setting; without a name, all of them. */
export interface SettingChange {
  readonly name?: SettingName;
  /** One of its values. */
  readonly value?: string;
}

/** Reads what is typed after /set. @returns why it is wrong; '' if there is too much */
export function parseSetting(typed: string): SettingChange | string {
  const [word, value, ...more] = typed.trim().toLowerCase().split(/\s+/);
  if (more.length > 0) return '';
  if (word === undefined || word === '') return {};
  const row = settingRows.find(({ name }) => name === word);
  if (row === undefined) return `There is no setting "${word.slice(0, 20)}". /set lists them.`;
  const { name, values }: SettingRow & { readonly name: SettingName } = row;
  if (value === undefined) return { name };
  return values.includes(value) ? { name, value } : `${name} can be ${values.join(' or ')}.`;
}

/** What /set answers. */
export function settingLines(settings: Settings, name?: SettingName): string[] {
  return settingRows
    .filter((row) => name === undefined || row.name === name)
    .map(
      ({ name, values, help }) =>
        `${name.padEnd(12)}${settings[name].padEnd(5)}${values.join('|').padEnd(9)}${help}`,
    );
}
